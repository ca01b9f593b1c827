/** A trace: spans as bars on one time axis, in the order of their parents. */

import { useMemo, useState } from 'preact/hooks';
import type { Datasource } from '../model/dashboard';
import type { SpanRow } from '../model/frame';
import { paletteColor } from '../model/field';
import { formatTime } from '../model/time';
import { formatValue } from '../model/units';
import { logsOfSpan, metricsOfSpan } from '../state/links';

export interface Row {
  span: SpanRow;
  depth: number;
  children: number;
  /** Belongs to the chain that decides how long the trace takes. */
  critical: boolean;
}

/** Depth first, children by start. A span whose parent is not there stands at the top. */
export function arrange(spans: SpanRow[], collapsed: ReadonlySet<string>): Row[] {
  const ids = new Set(spans.map((span) => span.spanId));
  const children = new Map<string | null, SpanRow[]>();
  for (const span of spans) {
    const parent = span.parentId !== null && ids.has(span.parentId) && span.parentId !== span.spanId ? span.parentId : null;
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const critical = criticalPath(children);
  const rows: Row[] = [];
  const seen = new Set<string>();
  const visit = (list: SpanRow[], depth: number) => {
    for (const span of list) {
      if (seen.has(span.spanId)) continue;
      seen.add(span.spanId);
      const own = children.get(span.spanId) ?? [];
      rows.push({ span, depth, children: own.length, critical: critical.has(span.spanId) });
      if (!collapsed.has(span.spanId)) visit(own, depth + 1);
    }
  };
  visit(children.get(null) ?? [], 0);
  // Spans that are their own ancestors have no way from the top; they are shown all the same.
  for (const span of spans) if (!seen.has(span.spanId) && collapsed.size === 0) visit([span], 0);
  return rows;
}

/** From the root: always the child that ends last. */
function criticalPath(children: Map<string | null, SpanRow[]>): Set<string> {
  const path = new Set<string>();
  let list = children.get(null) ?? [];
  while (list.length > 0) {
    const last = list.reduce((a, b) => (b.end > a.end ? b : a));
    if (path.has(last.spanId)) break;
    path.add(last.spanId);
    list = children.get(last.spanId) ?? [];
  }
  return path;
}

const duration = (nanos: bigint): string => formatValue(Number(nanos) / 1e9, 's');

/** Rows in the page at a time: a trace of thousands of spans opens as fast as a small one. */
const PAGE = 400;

export function Waterfall({ spans, tempo, datasources }: { spans: SpanRow[]; tempo: Datasource; datasources: Datasource[] }) {
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [open, setOpen] = useState<string | null>(null);
  const [shown, setShown] = useState(PAGE);
  const rows = useMemo(() => arrange(spans, collapsed), [spans, collapsed]);
  const first = spans[0];
  if (!first) return <div class="empty">The trace has no spans</div>;
  const start = spans.reduce((least, span) => (span.start < least ? span.start : least), first.start);
  const end = spans.reduce((most, span) => (span.end > most ? span.end : most), first.end);
  const total = Number(end - start) || 1;
  const services = [...new Set(spans.map((span) => span.service))];
  const root = rows[0]?.span ?? first;
  const errors = spans.filter((span) => span.error).length;
  const percent = (at: bigint) => (Number(at - start) / total) * 100;
  const flip = (id: string) => {
    const next = new Set(collapsed);
    if (!next.delete(id)) next.add(id);
    setCollapsed(next);
  };
  return (
    <div class="waterfall">
      <header>
        <h3>{root.service}: {root.name}</h3>
        <code>{root.traceId}</code>
        <p class="muted">
          {formatTime(Number(start / 1_000_000n))}, {duration(end - start)}, {spans.length} spans, {services.length} services,{' '}
          {errors === 0 ? 'no errors' : <b class="bad">{errors} with errors</b>}
        </p>
      </header>
      <div class="spans" role="tree" aria-label="Spans">
        {rows.slice(0, shown).map(({ span, depth, children, critical }) => (
          <div role="treeitem" aria-level={depth + 1} aria-expanded={children > 0 ? !collapsed.has(span.spanId) : undefined} key={span.spanId}>
            <div class={`span ${open === span.spanId ? 'open' : ''}`}>
              <div class="span-name" style={{ paddingLeft: `${depth * 14 + 4}px` }}>
                {children > 0 ? (
                  <button class="fold" aria-label={collapsed.has(span.spanId) ? 'Expand' : 'Collapse'} onClick={() => flip(span.spanId)}>
                    {collapsed.has(span.spanId) ? '▸' : '▾'}
                  </button>
                ) : <span class="fold" />}
                <span class="swatch" style={{ background: paletteColor(services.indexOf(span.service)) }} />
                <button class="span-title" onClick={() => setOpen(open === span.spanId ? null : span.spanId)}>
                  <b>{span.service}</b> {span.name} {span.error && <span class="bad" title="error">● error</span>}
                </button>
              </div>
              <div class="span-track" onClick={() => setOpen(open === span.spanId ? null : span.spanId)}>
                <div
                  class={critical ? 'span-bar critical' : 'span-bar'}
                  style={{
                    left: `${percent(span.start)}%`,
                    width: `max(2px, ${percent(span.end) - percent(span.start)}%)`,
                    background: paletteColor(services.indexOf(span.service)),
                  }}
                />
                <span class="span-duration" style={percent(span.end) > 75 ? { right: `${100 - percent(span.start)}%` } : { left: `${percent(span.end)}%` }}>
                  {duration(span.end - span.start)}
                </span>
              </div>
            </div>
            {open === span.spanId && <Details span={span} start={start} tempo={tempo} datasources={datasources} />}
          </div>
        ))}
      </div>
      {rows.length > shown && <button class="button" onClick={() => setShown(shown + PAGE)}>Show more of {rows.length} spans</button>}
    </div>
  );
}

function Details({ span, start, tempo, datasources }: { span: SpanRow; start: bigint; tempo: Datasource; datasources: Datasource[] }) {
  const logs = logsOfSpan(tempo, span, datasources);
  const metrics = metricsOfSpan(tempo, span, datasources);
  const pairs = (title: string, list: [string, string][]) =>
    list.length > 0 && (
      <section>
        <h4>{title}</h4>
        <table><tbody>{list.map(([key, value]) => <tr key={key}><th scope="row">{key}</th><td>{value}</td></tr>)}</tbody></table>
      </section>
    );
  return (
    <div class="span-details">
      <div class="links">
        {logs && <a class="button" href={logs.url}>{logs.title}</a>}
        {metrics.map((link) => <a class="button" key={link.url} href={link.url}>{link.title}</a>)}
      </div>
      <p class="muted">
        {span.kind} span {span.spanId}, starts after {duration(span.start - start)}, takes {duration(span.end - span.start)}
        {span.statusMessage && <span class="bad">: {span.statusMessage}</span>}
      </p>
      {pairs('Attributes', span.attributes)}
      {pairs('Resource', span.resource)}
      {span.events.map((event) => <div key={String(event.time)}>{pairs(`Event ${event.name} after ${duration(event.time - span.start)}`, event.attributes.length > 0 ? event.attributes : [['name', event.name]])}</div>)}
    </div>
  );
}
