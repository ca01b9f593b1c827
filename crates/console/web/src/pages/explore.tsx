/** Ask one's own questions: PromQL, LogQL and TraceQL, side by side when wanted. The whole state is in the URL. */

import { useEffect, useMemo, useState } from 'preact/hooks';
import { Logs } from '../components/logs';
import { TimePicker } from '../components/timepicker';
import { TraceList } from '../components/traces';
import { Waterfall } from '../components/waterfall';
import { scopeOf } from '../components/panel';
import { parseDuration, resolveRange, type Range, type RawRange } from '../model/time';
import type { Datasource, Panel, Target } from '../model/dashboard';
import { NodeGraph } from '../panels/nodegraph';
import { Table } from '../panels/table';
import { TimeSeries } from '../panels/timeseries';
import { run } from '../query/run';
import { exploreUrl, type Pane } from '../state/links';
import { useLoad, useTick } from '../state/load';
import { navigate, setParams, useLocation } from '../state/router';

const EXAMPLES: Record<string, string[]> = {
  prometheus: ['sum by (service) (rate(http_requests_total[1m]))', 'histogram_quantile(0.95, sum by (le, service) (rate(http_request_duration_seconds_bucket[1m])))', 'up'],
  loki: ['{service="gateway"}', '{job="services"} | json | status >= 500', 'sum by (service) (rate({job="services", level="ERROR"}[1m]))'],
  tempo: ['{ status = error }', '{ resource.service.name = "gateway" && duration > 300ms }', '{ } >> { resource.service.name = "checkout" }'],
};

function panesOf(search: URLSearchParams, datasources: Datasource[]): Pane[] {
  const fallback = (uid?: string): Pane => {
    const source = datasources.find((one) => one.uid === uid) ?? datasources.find((one) => one.isDefault) ?? datasources[0];
    return { datasource: source?.uid ?? '', queries: [{ refId: 'A' }], range: { from: 'now-15m', to: 'now' } };
  };
  try {
    const parsed = JSON.parse(search.get('panes') ?? '{}') as Record<string, Partial<Pane>>;
    const panes = Object.values(parsed).map((pane) => {
      const base = fallback(pane.datasource);
      return { datasource: base.datasource, queries: pane.queries?.length ? pane.queries : base.queries, range: pane.range ?? base.range };
    });
    return panes.length > 0 ? panes : [fallback()];
  } catch {
    return [fallback()];
  }
}

export function ExplorePage({ datasources }: { datasources: Datasource[] }) {
  const { search } = useLocation();
  const sources = datasources.filter((one) => one.type in EXAMPLES);
  const panes = useMemo(() => panesOf(search, sources), [search.get('panes'), datasources]);
  const [manual, setManual] = useState(0);
  // The time picker writes `from` and `to`; the panes carry the range.
  const from = search.get('from');
  const to = search.get('to');
  const first = panes[0];
  useEffect(() => {
    if (from === null || to === null) return;
    navigate(exploreUrl(...panes.map((pane) => ({ ...pane, range: { from, to } }))), true);
  }, [from, to]);
  const refresh = search.get('refresh') ?? '';
  const raw = first?.range ?? { from: 'now-15m', to: 'now' };
  const tick = useTick(raw.to.startsWith('now') ? (parseDuration(refresh) ?? 0) : 0);
  const change = (at: number, pane: Pane) => navigate(exploreUrl(...panes.map((old, index) => (index === at ? pane : old))));
  return (
    <main class="page">
      <div class="toolbar">
        <h1>Explore</h1>
        {panes.length < 2 && first && <button class="button" onClick={() => navigate(exploreUrl(...panes, first))}>Split</button>}
        <TimePicker raw={raw} range={resolveRange(raw, Date.now())} refresh={refresh} onRefresh={() => setManual(manual + 1)} />
      </div>
      <div class={panes.length > 1 ? 'split' : ''}>
        {panes.map((pane, at) => (
          <PaneView
            key={at}
            pane={pane}
            sources={sources}
            datasources={datasources}
            again={tick + manual}
            onChange={(next) => change(at, next)}
            {...(panes.length > 1 ? { onClose: () => navigate(exploreUrl(...panes.filter((_, index) => index !== at))) } : {})}
          />
        ))}
      </div>
    </main>
  );
}

interface PaneProps {
  pane: Pane;
  sources: Datasource[];
  datasources: Datasource[];
  again: number;
  onChange: (pane: Pane) => void;
  onClose?: () => void;
}

const textOf = (target: Target | undefined): string => target?.expr ?? target?.query ?? '';

function PaneView({ pane, sources, datasources, again, onChange, onClose }: PaneProps) {
  const source = sources.find((one) => one.uid === pane.datasource);
  const target = pane.queries[0];
  const [draft, setDraft] = useState(textOf(target));
  useEffect(() => setDraft(textOf(target)), [textOf(target)]);
  const submit = () => {
    const query: Target = source?.type === 'tempo' ? { refId: 'A', query: draft, queryType: 'traceql' } : { refId: 'A', expr: draft, exemplar: true };
    onChange({ ...pane, queries: [{ ...query, datasource: { uid: pane.datasource, ...(source ? { type: source.type } : {}) } }] });
  };
  return (
    <section class="panel pane" aria-label={`Explore ${source?.name ?? ''}`}>
      <header>
        <select aria-label="Data source" value={pane.datasource} onChange={(event) => onChange({ ...pane, datasource: event.currentTarget.value, queries: [{ refId: 'A' }] })}>
          {sources.map((one) => <option key={one.uid} value={one.uid}>{one.name}</option>)}
        </select>
        {source?.type === 'tempo' && <button class="button" onClick={() => onChange({ ...pane, queries: [{ refId: 'A', queryType: 'serviceMap' }] })}>Service map</button>}
        <span class="grow" />
        {onClose && <button class="icon" aria-label="Close this side" onClick={onClose}>×</button>}
      </header>
      <form
        class="query"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <textarea
          aria-label="Query"
          rows={2}
          spellcheck={false}
          value={draft}
          placeholder={source ? EXAMPLES[source.type]?.[0] : ''}
          onInput={(event) => setDraft(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.shiftKey) {
              event.preventDefault();
              submit();
            }
          }}
        />
        <button class="button primary" type="submit">Run query</button>
      </form>
      <div class="examples">
        {(source ? (EXAMPLES[source.type] ?? []) : []).map((example) => (
          <button key={example} onClick={() => setDraft(example)}><code>{example}</code></button>
        ))}
      </div>
      {source && target && (textOf(target) !== '' || target.queryType === 'serviceMap') && (
        <Answer pane={pane} target={target} source={source} datasources={datasources} again={again} />
      )}
    </section>
  );
}

function Answer({ pane, target, source, datasources, again }: { pane: Pane; target: Target; source: Datasource; datasources: Datasource[]; again: number }) {
  const raw: RawRange = pane.range;
  const range: Range = useMemo(() => resolveRange(raw, Date.now()), [raw.from, raw.to, again, JSON.stringify(target)]);
  const panel: Panel = {
    id: 0,
    type: 'timeseries',
    gridPos: { x: 0, y: 0, w: 24, h: 10 },
    datasource: { uid: source.uid },
    targets: [target],
    options: { legend: { displayMode: 'table', calcs: ['lastNotNull', 'max'] } },
    fieldConfig: { defaults: { custom: { lineWidth: 2, fillOpacity: 6 } }, overrides: [] },
  };
  const scope = scopeOf(panel, range, {}, datasources);
  const asked: Target = { ...target, datasource: { uid: source.uid } };
  const { data, error, loading } = useLoad((signal) => run(asked, { scope, datasources, signal }, source.uid), [JSON.stringify(asked), range.from, range.to]);
  if (error) return <div class="empty bad" role="alert">{error}</div>;
  if (!data) return <div class="empty">{loading ? 'Loading…' : ''}</div>;
  const props = {
    panel,
    result: data,
    targets: [asked],
    scope,
    raw,
    datasources,
    marks: [],
    onZoom: (from: number, to: number) => setParams({ from: String(from), to: String(to) }),
  };
  if (data.spans) return <Waterfall spans={data.spans} tempo={source} datasources={datasources} />;
  if (data.traces) return <TraceList traces={data.traces} tempo={source} raw={raw} />;
  if (data.graph) return <NodeGraph {...props} />;
  if (data.logs) return <Logs lines={data.logs} source={source} datasources={datasources} raw={raw} />;
  return (
    <>
      <div class="explore-chart"><TimeSeries {...props} /></div>
      <Table {...props} />
    </>
  );
}
