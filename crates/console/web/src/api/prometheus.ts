/** Prometheus's HTTP API. */

import type { Exemplar } from '../model/frame';
import type { Range } from '../model/time';
import { get, postForm, proxied, query } from './http';

type Metric = Record<string, string>;
export interface VectorSample { metric: Metric; value: [number, string] }
export interface MatrixSeries { metric: Metric; values: [number, string][] }
export type QueryData =
  | { resultType: 'vector'; result: VectorSample[] }
  | { resultType: 'matrix'; result: MatrixSeries[] }
  | { resultType: 'scalar' | 'string'; result: [number, string] };

interface Answer<T> { data: T; warnings?: string[]; infos?: string[] }

export async function instant(uid: string, expr: string, at: number, signal?: AbortSignal): Promise<QueryData> {
  const form = { query: expr, time: String(at / 1000) };
  return (await postForm<Answer<QueryData>>(proxied(uid, '/api/v1/query'), form, signal)).data;
}

/** `step` in milliseconds. Start and end are laid on multiples of the step, so that a refresh does not make the line dance. */
export async function range(uid: string, expr: string, span: Range, step: number, signal?: AbortSignal): Promise<QueryData> {
  const start = Math.floor(span.from / step) * step;
  const end = Math.floor(span.to / step) * step;
  const form = { query: expr, start: String(start / 1000), end: String(end / 1000), step: String(step / 1000) };
  return (await postForm<Answer<QueryData>>(proxied(uid, '/api/v1/query_range'), form, signal)).data;
}

interface SeriesExemplars { seriesLabels: Metric; exemplars: { labels: Metric; value: string; timestamp: number }[] }

export async function exemplars(uid: string, expr: string, span: Range, signal?: AbortSignal): Promise<Exemplar[]> {
  const form = { query: expr, start: String(span.from / 1000), end: String(span.to / 1000) };
  const answer = await postForm<Answer<SeriesExemplars[]>>(proxied(uid, '/api/v1/query_exemplars'), form, signal);
  return answer.data.flatMap((series) =>
    series.exemplars.map((one) => ({
      time: one.timestamp * 1000,
      value: Number(one.value),
      labels: { ...series.seriesLabels, ...one.labels },
    })),
  );
}

export async function labelValues(uid: string, label: string, match: string | undefined, span: Range): Promise<string[]> {
  const params = query({ start: span.from / 1000, end: span.to / 1000, 'match[]': match });
  return (await get<Answer<string[]>>(proxied(uid, `/api/v1/label/${encodeURIComponent(label)}/values?${params}`))).data;
}

export async function labelNames(uid: string, match: string | undefined, span: Range): Promise<string[]> {
  const params = query({ start: span.from / 1000, end: span.to / 1000, 'match[]': match });
  return (await get<Answer<string[]>>(proxied(uid, `/api/v1/labels?${params}`))).data;
}

export interface Target {
  labels: Metric;
  discoveredLabels: Metric;
  scrapePool: string;
  scrapeUrl: string;
  lastError: string;
  lastScrape: string;
  lastScrapeDuration: number;
  health: 'up' | 'down' | 'unknown';
  scrapeInterval?: string;
}

export const targets = async (uid: string): Promise<Target[]> =>
  (await get<Answer<{ activeTargets: Target[] }>>(proxied(uid, '/api/v1/targets?state=active'))).data.activeTargets;

export interface RuleAlert {
  labels: Metric;
  annotations: Metric;
  state: string;
  activeAt?: string;
  value: string;
}

export interface Rule {
  type: 'alerting' | 'recording';
  name: string;
  query: string;
  health: string;
  lastError?: string;
  duration?: number;
  labels?: Metric;
  annotations?: Metric;
  state?: 'inactive' | 'pending' | 'firing';
  alerts?: RuleAlert[];
  evaluationTime?: number;
  lastEvaluation?: string;
}

export interface RuleGroup { name: string; file: string; interval: number; rules: Rule[] }

export const rules = async (uid: string): Promise<RuleGroup[]> =>
  (await get<Answer<{ groups: RuleGroup[] }>>(proxied(uid, '/api/v1/rules'))).data.groups;
