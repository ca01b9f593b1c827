/** Loki's HTTP API. */

import type { LogLine } from '../model/frame';
import type { Range } from '../model/time';
import type { MatrixSeries, VectorSample } from './prometheus';
import { proxied, query, request } from './http';

type Entry = [string, string] | [string, string, { structuredMetadata?: Record<string, string>; parsed?: Record<string, string> }];

export type LokiData =
  | { resultType: 'streams'; result: { stream: Record<string, string>; values: Entry[] }[] }
  | { resultType: 'matrix'; result: MatrixSeries[] }
  | { resultType: 'vector'; result: VectorSample[] };

/** Asks Loki to say which labels are the stream's, which structured metadata and which parsed. */
const HEADERS = { 'X-Loki-Response-Encoding-Flags': 'categorize-labels' };

const nanos = (ms: number): string => `${Math.round(ms)}000000`;

export async function range(
  uid: string,
  expr: string,
  span: Range,
  options: { step?: number; limit?: number; direction?: 'forward' | 'backward' },
  signal?: AbortSignal,
): Promise<LokiData> {
  const params = query({
    query: expr,
    start: nanos(span.from),
    end: nanos(span.to),
    limit: options.limit ?? 1000,
    direction: options.direction ?? 'backward',
    step: options.step === undefined ? undefined : String(options.step / 1000),
  });
  const init: RequestInit = { headers: HEADERS, ...(signal ? { signal } : {}) };
  return (await request<{ data: LokiData }>(proxied(uid, `/loki/api/v1/query_range?${params}`), init)).data;
}

/** The lines of a streams answer, newest first. */
export function lines(data: LokiData): LogLine[] {
  if (data.resultType !== 'streams') return [];
  const list = data.result.flatMap(({ stream, values }) =>
    values.map(
      ([time, line, more]): LogLine => ({
        time,
        line,
        labels: stream,
        fields: { ...more?.structuredMetadata, ...more?.parsed },
      }),
    ),
  );
  return list.sort((a, b) => (a.time === b.time ? 0 : BigInt(a.time) < BigInt(b.time) ? 1 : -1));
}
