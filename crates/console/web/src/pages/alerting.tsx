/** Rules and their alerts, silences, and what was sent. */

import { useState } from 'preact/hooks';
import * as lab from '../api/lab';
import * as prometheus from '../api/prometheus';
import type { Datasource } from '../model/dashboard';
import { formatTime } from '../model/time';
import { formatValue } from '../model/units';
import { errorText, useLoad, useTick } from '../state/load';
import { explore } from '../state/links';

const labelText = (labels: Record<string, string>) =>
  Object.entries(labels).filter(([key]) => key !== 'alertname').map(([key, value]) => `${key}=${value}`).join(' ');

export function AlertingPage({ datasources, view }: { datasources: Datasource[]; view: string }) {
  const metrics = datasources.find((one) => one.type === 'prometheus');
  const manager = datasources.find((one) => one.type === 'alertmanager');
  const tick = useTick(5000);
  const [again, setAgain] = useState(0);
  const tabs = [['list', 'Alert rules'], ['groups', 'Active alerts'], ['silences', 'Silences'], ['notifications', 'Notifications']];
  return (
    <main class="page">
      <h1>Alerting</h1>
      <nav class="tabs" aria-label="Alerting">
        {tabs.map(([id, title]) => <a key={id} href={`/alerting/${id}`} aria-current={view === id ? 'page' : undefined}>{title}</a>)}
      </nav>
      {view === 'list' && metrics && <Rules source={metrics} again={tick + again} />}
      {view === 'groups' && manager && <Active uid={manager.uid} again={tick + again} onChange={() => setAgain(again + 1)} />}
      {view === 'silences' && manager && <Silences uid={manager.uid} again={tick + again} onChange={() => setAgain(again + 1)} />}
      {view === 'notifications' && <Notifications again={tick} />}
    </main>
  );
}

function Rules({ source, again }: { source: Datasource; again: number }) {
  const { data, error } = useLoad(() => prometheus.rules(source.uid), [again]);
  const [all, setAll] = useState(false);
  if (error) return <div class="empty bad" role="alert">{error}</div>;
  const groups = (data ?? []).map((group) => ({ ...group, rules: group.rules.filter((rule) => all || rule.type === 'alerting') }));
  const firing = (data ?? []).flatMap((group) => group.rules).filter((rule) => rule.state === 'firing').length;
  return (
    <>
      <p>
        {firing === 0 ? 'Nothing is firing.' : <b class="bad">{firing} {firing === 1 ? 'rule is' : 'rules are'} firing.</b>}{' '}
        <label><input type="checkbox" checked={all} onChange={() => setAll(!all)} /> show recording rules</label>
      </p>
      {groups.filter((group) => group.rules.length > 0).map((group) => (
        <section key={`${group.file}${group.name}`} class="panel rules">
          <header><h2>{group.name}</h2><span class="muted">{group.file}, every {formatValue(group.interval, 's')}</span></header>
          {group.rules.map((rule) => (
            <details key={rule.name + rule.query + JSON.stringify(rule.labels)} open={rule.state === 'firing'}>
              <summary>
                <span class={`badge ${rule.state ?? rule.health}`}>{rule.state ?? rule.health}</span> <b>{rule.name}</b>{' '}
                <span class="muted">{rule.annotations?.['summary'] ?? labelText(rule.labels ?? {})}</span>
                {rule.lastError && <span class="bad"> {rule.lastError}</span>}
              </summary>
              <pre><a href={explore(source, { expr: rule.query }, { from: 'now-15m', to: 'now' })}>{rule.query}</a></pre>
              {rule.alerts?.map((alert) => (
                <div class={`alert ${alert.state}`} key={JSON.stringify(alert.labels)}>
                  <span class={`badge ${alert.state}`}>{alert.state}</span> {labelText(alert.labels)}{' '}
                  <span class="muted">since {alert.activeAt && formatTime(Date.parse(alert.activeAt))}, value {formatValue(Number(alert.value), 'none')}</span>
                  <div>{alert.annotations['summary']}</div>
                  <Links annotations={alert.annotations} />
                </div>
              ))}
            </details>
          ))}
        </section>
      ))}
    </>
  );
}

/** Links of an alert to its dashboard and its runbook; a link to this console opens in it. */
function Links({ annotations }: { annotations: Record<string, string> }) {
  return (
    <div class="links">
      {Object.entries(annotations).filter(([, value]) => /^https?:\/\//.test(value)).map(([key, value]) => {
        const url = new URL(value);
        const local = ['localhost', '127.0.0.1'].includes(url.hostname) && url.port === '3000';
        return <a class="button" key={key} href={local ? url.pathname + url.search : value}>{key.replace(/_url$/, '').replace(/_/g, ' ')}</a>;
      })}
    </div>
  );
}

function Active({ uid, again, onChange }: { uid: string; again: number; onChange: () => void }) {
  const { data, error } = useLoad(() => lab.alerts(uid), [again]);
  const [failed, setFailed] = useState('');
  if (error) return <div class="empty bad" role="alert">{error}</div>;
  if ((data ?? []).length === 0) return <div class="empty">No active alerts</div>;
  const silence = (alert: lab.Alert) => {
    const now = Date.now();
    lab.createSilence(uid, {
      matchers: Object.entries(alert.labels).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true })),
      startsAt: new Date(now).toISOString(),
      endsAt: new Date(now + 2 * 3_600_000).toISOString(),
      createdBy: 'console',
      comment: 'Silenced in the console',
    }).then(onChange, (reason: unknown) => setFailed(errorText(reason)));
  };
  return (
    <>
      {failed && <p class="bad" role="alert">{failed}</p>}
      <ul class="alerts">
        {(data ?? []).map((alert) => (
          <li key={alert.fingerprint} class={`alert ${alert.status.state === 'active' ? 'firing' : 'suppressed'}`}>
            <b>{alert.labels['alertname']}</b> <span class={`badge ${alert.status.state === 'active' ? 'firing' : ''}`}>{alert.status.state}</span>{' '}
            <span class="muted">to {alert.receivers.map((one) => one.name).join(', ')} since {formatTime(Date.parse(alert.startsAt))}</span>
            {alert.status.inhibitedBy.length > 0 && <span class="badge">inhibited by a graver alert</span>}
            {alert.status.silencedBy.length > 0 && <span class="badge">silenced</span>}
            <div>{alert.annotations['summary']}</div>
            <div class="muted">{labelText(alert.labels)}</div>
            <Links annotations={alert.annotations} />
            {alert.status.silencedBy.length === 0 && <button class="button" onClick={() => silence(alert)}>Silence for 2 h</button>}
          </li>
        ))}
      </ul>
    </>
  );
}

/** `severity="page", service=~"gate.*"` to matchers; null when it is none. */
export function parseMatchers(text: string): lab.SilenceMatcher[] | null {
  const list: lab.SilenceMatcher[] = [];
  for (const part of text.split(',').map((one) => one.trim()).filter((one) => one !== '')) {
    const match = /^([\w.:]+)\s*(=~|!~|!=|=)\s*"?([^"]*)"?$/.exec(part);
    if (!match) return null;
    const op = match[2] ?? '=';
    list.push({ name: match[1] ?? '', value: match[3] ?? '', isRegex: op.includes('~'), isEqual: op.startsWith('=') });
  }
  return list.length > 0 ? list : null;
}

function Silences({ uid, again, onChange }: { uid: string; again: number; onChange: () => void }) {
  const { data, error } = useLoad(() => lab.silences(uid), [again]);
  const [matchers, setMatchers] = useState('');
  const [minutes, setMinutes] = useState('60');
  const [comment, setComment] = useState('');
  const [failed, setFailed] = useState('');
  const create = (event: Event) => {
    event.preventDefault();
    const parsed = parseMatchers(matchers);
    if (!parsed) return setFailed('Expected matchers such as alertname="TargetDown", service=~"gate.*"');
    const now = Date.now();
    const silence = {
      matchers: parsed,
      startsAt: new Date(now).toISOString(),
      endsAt: new Date(now + Number(minutes) * 60_000).toISOString(),
      createdBy: 'console',
      comment: comment || 'Made in the console',
    };
    return void lab.createSilence(uid, silence).then(
      () => {
        setFailed('');
        setMatchers('');
        onChange();
      },
      (reason: unknown) => setFailed(errorText(reason)),
    );
  };
  const expire = (id: string) => lab.expireSilence(uid, id).then(onChange, (reason: unknown) => setFailed(errorText(reason)));
  return (
    <>
      <form class="inline" onSubmit={create}>
        <label>Matchers <input size={40} value={matchers} placeholder={'service="gateway"'} onInput={(event) => setMatchers(event.currentTarget.value)} /></label>
        <label>Minutes <input type="number" min="1" max="100000" value={minutes} onInput={(event) => setMinutes(event.currentTarget.value)} /></label>
        <label>Comment <input value={comment} onInput={(event) => setComment(event.currentTarget.value)} /></label>
        <button class="button primary" type="submit">Silence</button>
      </form>
      {(failed || error) && <p class="bad" role="alert">{failed || error}</p>}
      {(data ?? []).length === 0 && <div class="empty">No silences</div>}
      <ul class="alerts">
        {(data ?? []).map((silence) => (
          <li key={silence.id} class="alert">
            <span class={`badge ${silence.status.state}`}>{silence.status.state}</span>{' '}
            <b>{silence.matchers.map((one) => `${one.name}${one.isEqual ? '=' : '!'}${one.isRegex ? '~' : one.isEqual ? '' : '='}"${one.value}"`).join(', ')}</b>
            <div class="muted">{formatTime(Date.parse(silence.startsAt))} to {formatTime(Date.parse(silence.endsAt))} by {silence.createdBy}: {silence.comment}</div>
            {silence.status.state !== 'expired' && <button class="button" onClick={() => void expire(silence.id)}>Expire</button>}
          </li>
        ))}
      </ul>
    </>
  );
}

function Notifications({ again }: { again: number }) {
  const { data, error } = useLoad(() => lab.notifications(), [again]);
  if (error) return <div class="empty bad" role="alert">{error}</div>;
  if ((data ?? []).length === 0) return <div class="empty">Nothing was sent yet</div>;
  return (
    <ul class="alerts">
      {(data ?? []).map((one, at) => (
        <li key={`${one.receivedAt}${at}`} class={`alert ${one.body.status ?? ''}`}>
          <span class={`badge ${one.body.status ?? ''}`}>{one.body.status}</span> <b>{one.body.receiver ?? one.path}</b>{' '}
          <span class="muted">{formatTime(Date.parse(one.receivedAt))}</span>
          {(one.body.alerts ?? []).map((alert, index) => (
            <div key={index}>{alert.status}: <b>{alert.labels['alertname']}</b> {alert.annotations['summary']}</div>
          ))}
        </li>
      ))}
    </ul>
  );
}
