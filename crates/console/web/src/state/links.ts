/** Links between the signals, as Grafana writes them: they work on both stacks. */

import type { Datasource, Target } from '../model/dashboard';
import type { SpanRow } from '../model/frame';
import type { RawRange } from '../model/time';
import { parseDuration } from '../model/time';

export interface Pane {
  datasource: string;
  queries: Target[];
  range: RawRange;
}

export function exploreUrl(...panes: Pane[]): string {
  const named = Object.fromEntries(panes.map((pane, at) => [String.fromCharCode(97 + at), pane]));
  const params = new URLSearchParams({ schemaVersion: '1', panes: JSON.stringify(named), orgId: '1' });
  return `/explore?${params}`;
}

export function explore(source: Datasource, query: Partial<Target>, range: RawRange): string {
  const target = { refId: 'A', datasource: { type: source.type, uid: source.uid }, ...query };
  return exploreUrl({ datasource: source.uid, queries: [target], range });
}

export function traceUrl(tempo: Datasource, traceId: string, range: RawRange): string {
  return explore(tempo, { query: traceId, queryType: 'traceql' }, range);
}

interface Tag { key: string; value?: string }
interface TracesTo {
  datasourceUid?: string;
  spanStartTimeShift?: string;
  spanEndTimeShift?: string;
  tags?: Tag[];
  query?: string;
  customQuery?: boolean;
  filterByTraceID?: boolean;
  queries?: { name?: string; query: string }[];
}

/** Milliseconds of a shift such as `-2s`. */
function shift(text: string | undefined): number {
  if (!text) return 0;
  return (parseDuration(text.replace('-', '')) ?? 0) * (text.startsWith('-') ? -1 : 1);
}

function around(span: SpanRow, settings: TracesTo): RawRange {
  return {
    from: String(Number(span.start / 1_000_000n) + shift(settings.spanStartTimeShift)),
    to: String(Number(span.end / 1_000_000n) + 1 + shift(settings.spanEndTimeShift)),
  };
}

/** `service_name="gateway"` from the tags that the span or its resource has. Empty when it has none: then there is no link. */
function tagPairs(span: SpanRow, tags: Tag[] | undefined): string {
  const attributes = new Map([...span.resource, ...span.attributes]);
  return (tags ?? [])
    .flatMap(({ key, value }) => {
      const found = attributes.get(key);
      return found === undefined ? [] : [`${value || key.replace(/\./g, '_')}=${JSON.stringify(found)}`];
    })
    .join(', ');
}

function fill(query: string, span: SpanRow, tags: string): string {
  const values: Record<string, string> = {
    __tags: tags,
    '__trace.traceId': span.traceId,
    '__span.spanId': span.spanId,
    '__span.name': span.name,
  };
  return query.replace(/\$\{([\w.]+)\}|\$(__tags)/g, (whole, a?: string, b?: string) => values[a ?? b ?? ''] ?? whole);
}

export interface NamedLink { title: string; url: string }

/** The logs of a span, or nothing when the data source has no such link. */
export function logsOfSpan(tempo: Datasource, span: SpanRow, sources: Datasource[]): NamedLink | null {
  const settings = tempo.jsonData['tracesToLogsV2'] as TracesTo | undefined;
  const loki = sources.find((one) => one.uid === settings?.datasourceUid);
  const tags = tagPairs(span, settings?.tags);
  if (!settings || !loki || tags === '') return null;
  const filter = settings.filterByTraceID === false ? '' : ` | trace_id="${span.traceId}"`;
  const expr = settings.customQuery && settings.query ? fill(settings.query, span, tags) : `{${tags}}${filter}`;
  return { title: 'Logs for this span', url: explore(loki, { expr, queryType: 'range' }, around(span, settings)) };
}

/** The metrics of a span: one link for each query of the data source. */
export function metricsOfSpan(tempo: Datasource, span: SpanRow, sources: Datasource[]): NamedLink[] {
  const settings = tempo.jsonData['tracesToMetrics'] as TracesTo | undefined;
  const prometheus = sources.find((one) => one.uid === settings?.datasourceUid);
  if (!settings || !prometheus) return [];
  const tags = tagPairs(span, settings.tags);
  return (settings.queries ?? []).map(({ name, query }) => ({
    title: name ?? 'Metrics',
    url: explore(prometheus, { expr: fill(query, span, tags), range: true, instant: false }, around(span, settings)),
  }));
}

interface Destination { name: string; datasourceUid?: string; url?: string; urlDisplayLabel?: string }

/** Where an exemplar leads. */
export function exemplarLinks(source: Datasource, labels: Record<string, string>, sources: Datasource[], range: RawRange): NamedLink[] {
  const list = (source.jsonData['exemplarTraceIdDestinations'] ?? []) as Destination[];
  return list.flatMap(({ name, datasourceUid, url, urlDisplayLabel }) => {
    const value = labels[name];
    if (!value) return [];
    const title = (urlDisplayLabel ?? 'Query with Tempo').replace(/\$\{__value\.raw\}/g, value);
    const tempo = sources.find((one) => one.uid === datasourceUid);
    if (tempo) return [{ title, url: traceUrl(tempo, value, range) }];
    return url ? [{ title, url: url.replace(/\$\{__value\.raw\}/g, encodeURIComponent(value)) }] : [];
  });
}

interface DerivedField { name: string; matcherType?: string; matcherRegex: string; datasourceUid?: string; url?: string; urlDisplayLabel?: string }

/** Where a log line leads: derived fields match a label's name or a part of the line. */
export function derivedLinks(
  source: Datasource,
  line: string,
  labels: Record<string, string>,
  sources: Datasource[],
  range: RawRange,
): NamedLink[] {
  const seen = new Set<string>();
  return ((source.jsonData['derivedFields'] ?? []) as DerivedField[]).flatMap((field) => {
    let value: string | undefined;
    try {
      const regex = new RegExp(field.matcherRegex);
      if (field.matcherType === 'label') value = Object.entries(labels).find(([key]) => regex.test(key))?.[1];
      else value = regex.exec(line)?.[1];
    } catch {
      return [];
    }
    const tempo = sources.find((one) => one.uid === field.datasourceUid);
    if (!value || !tempo || seen.has(value)) return [];
    seen.add(value);
    return [{ title: field.urlDisplayLabel ?? field.name, url: traceUrl(tempo, value, range) }];
  });
}
