/** Tempo's HTTP API. Its JSON is protobuf's: ids in base64, numbers of 64 bits as text, zero left out. */

import type { SpanRow, TraceSummary } from '../model/frame';
import type { Range } from '../model/time';
import { ApiError, get, proxied, query } from './http';

interface AnyValue {
  stringValue?: string;
  intValue?: string;
  doubleValue?: number;
  boolValue?: boolean;
  bytesValue?: string;
  arrayValue?: { values?: AnyValue[] };
  kvlistValue?: { values?: KeyValue[] };
}
interface KeyValue { key: string; value?: AnyValue }
interface Span {
  traceId?: string;
  spanId?: string;
  parentSpanId?: string;
  name?: string;
  kind?: string;
  startTimeUnixNano?: string;
  endTimeUnixNano?: string;
  attributes?: KeyValue[];
  events?: { timeUnixNano?: string; name?: string; attributes?: KeyValue[] }[];
  status?: { code?: string; message?: string };
}
interface Batch { resource?: { attributes?: KeyValue[] }; scopeSpans?: { spans?: Span[] }[] }

export function attributeText(value: AnyValue | undefined): string {
  if (!value) return '';
  if (value.arrayValue) return `[${(value.arrayValue.values ?? []).map(attributeText).join(', ')}]`;
  if (value.kvlistValue) {
    return `{${(value.kvlistValue.values ?? []).map((one) => `${one.key}: ${attributeText(one.value)}`).join(', ')}}`;
  }
  const plain = value.stringValue ?? value.intValue ?? value.doubleValue ?? value.boolValue ?? value.bytesValue;
  return plain === undefined ? '' : String(plain);
}

const pairs = (list: KeyValue[] | undefined): [string, string][] =>
  (list ?? []).map((one): [string, string] => [one.key, attributeText(one.value)]).sort((a, b) => (a[0] < b[0] ? -1 : 1));

/** From base64 (or hexadecimal, as some servers write) to lower-case hexadecimal digits. */
export function hexId(text: string | undefined, bytes: number): string {
  if (!text) return '';
  if (text.length === bytes * 2 && /^[0-9a-fA-F]+$/.test(text)) return text.toLowerCase();
  return [...atob(text)].map((c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

export function rows(batches: Batch[]): SpanRow[] {
  const list = batches.flatMap((batch) => {
    const resource = pairs(batch.resource?.attributes);
    const service = resource.find(([key]) => key === 'service.name')?.[1] ?? 'unknown';
    return (batch.scopeSpans ?? []).flatMap((scope) =>
      (scope.spans ?? []).map(
        (span): SpanRow => ({
          traceId: hexId(span.traceId, 16),
          spanId: hexId(span.spanId, 8),
          parentId: hexId(span.parentSpanId, 8) || null,
          name: span.name ?? '',
          service,
          kind: (span.kind ?? '').replace('SPAN_KIND_', '').toLowerCase(),
          start: BigInt(span.startTimeUnixNano ?? '0'),
          end: BigInt(span.endTimeUnixNano ?? '0'),
          error: span.status?.code === 'STATUS_CODE_ERROR',
          statusMessage: span.status?.message ?? '',
          attributes: pairs(span.attributes),
          resource,
          events: (span.events ?? []).map((event) => ({
            time: BigInt(event.timeUnixNano ?? '0'),
            name: event.name ?? '',
            attributes: pairs(event.attributes),
          })),
        }),
      ),
    );
  });
  return list.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
}

export async function trace(uid: string, id: string, signal?: AbortSignal): Promise<SpanRow[]> {
  if (!/^[0-9a-fA-F]{1,32}$/.test(id)) throw new ApiError(`a trace id has 1 to 32 hexadecimal digits, found "${id}"`, 400);
  const answer = await get<{ trace?: { resourceSpans?: Batch[] } }>(proxied(uid, `/api/v2/traces/${id}`), signal);
  return rows(answer.trace?.resourceSpans ?? []);
}

interface Found {
  traces?: { traceID: string; rootServiceName?: string; rootTraceName?: string; startTimeUnixNano?: string; durationMs?: number }[];
}

export async function search(uid: string, q: string, span: Range, limit: number, signal?: AbortSignal): Promise<TraceSummary[]> {
  const params = query({ q, limit, start: Math.floor(span.from / 1000), end: Math.ceil(span.to / 1000) });
  const answer = await get<Found>(proxied(uid, `/api/search?${params}`), signal);
  return (answer.traces ?? []).map((one) => ({
    traceId: one.traceID.padStart(32, '0'),
    service: one.rootServiceName ?? '',
    name: one.rootTraceName ?? '',
    start: Number(BigInt(one.startTimeUnixNano ?? '0') / 1_000_000n),
    durationMs: one.durationMs ?? 0,
  }));
}
