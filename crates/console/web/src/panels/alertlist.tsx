/** The alerts of the rules, the firing ones first. */

import * as prometheus from '../api/prometheus';
import { useLoad } from '../state/load';
import { formatValue } from '../model/units';
import type { PanelProps } from './types';

export function AlertList({ panel, result, datasources }: PanelProps) {
  const wanted = String(panel.options?.['datasource'] ?? '');
  const source =
    datasources.find((one) => one.name === wanted || one.uid === wanted) ?? datasources.find((one) => one.type === 'prometheus');
  const filter = (panel.options?.['stateFilter'] ?? {}) as { firing?: boolean; pending?: boolean; normal?: boolean };
  const { data, error } = useLoad(() => (source ? prometheus.rules(source.uid) : Promise.resolve([])), [source?.uid, result]);
  if (error) return <div class="empty bad">{error}</div>;
  const alerts = (data ?? [])
    .flatMap((group) => group.rules.flatMap((rule) => (rule.alerts ?? []).map((alert) => ({ rule, alert }))))
    .filter(({ alert }) => (alert.state === 'firing' ? filter.firing !== false : filter.pending !== false))
    .sort((a, b) => (a.alert.state === b.alert.state ? 0 : a.alert.state === 'firing' ? -1 : 1))
    .slice(0, Number(panel.options?.['maxItems'] ?? 20));
  if (alerts.length === 0) return <div class="empty">No alerts</div>;
  return (
    <ul class="alerts">
      {alerts.map(({ rule, alert }) => (
        <li key={JSON.stringify(alert.labels)} class={`alert ${alert.state}`}>
          <b>{rule.name}</b> <span class={`badge ${alert.state}`}>{alert.state}</span>
          <div>{alert.annotations['summary'] ?? ''}</div>
          <div class="muted">
            {Object.entries(alert.labels).filter(([key]) => key !== 'alertname').map(([key, value]) => `${key}=${value}`).join(' ')}
            {alert.activeAt && `, for ${formatValue(Math.round((Date.now() - Date.parse(alert.activeAt)) / 1000), 'dtdurations')}`}
          </div>
        </li>
      ))}
    </ul>
  );
}
