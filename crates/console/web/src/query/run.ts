/** Runs one target against its data source and answers with frames, lines, traces or a graph. */

import * as loki from '../api/loki';
import * as prometheus from '../api/prometheus';
import * as tempo from '../api/tempo';
import type { Datasource, Target } from '../model/dashboard';
import type { Field, Frame, Result } from '../model/frame';
import { interpolate, legend, seriesName, type Scope } from '../model/interpolate';
import { serviceGraph } from './graph';

export interface Context {
  scope: Scope;
  datasources: Datasource[];
  signal?: AbortSignal;
}

type Run = (source: Datasource, target: Target, context: Context) => Promise<Result>;

const number = (text: string): number => {
  if (text === '+Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  return Number(text);
};

/** One frame a series, with the time column first. Gaps of the answer stay gaps: missing steps are filled with null. */
function matrixFrames(target: Target, series: prometheus.MatrixSeries[], step: number): Frame[] {
  return series.map(({ metric, values }) => {
    const times: number[] = [];
    const numbers: (number | null)[] = [];
    let last: number | null = null;
    for (const [seconds, text] of values) {
      const time = Math.round(seconds * 1000);
      if (last !== null && time - last > step * 1.5) {
        times.push(last + step);
        numbers.push(null);
      }
      times.push(time);
      numbers.push(number(text));
      last = time;
    }
    const name = target.legendFormat && target.legendFormat !== '__auto' ? legend(target.legendFormat, metric) : seriesName(metric);
    return {
      refId: target.refId,
      name,
      fields: [
        { name: 'Time', type: 'time', labels: {}, values: times },
        { name: 'Value', type: 'number', labels: metric, values: numbers, displayName: name },
      ],
    };
  });
}

/** A table with a column for every label, as Grafana makes of an instant query in table format. */
function vectorTable(target: Target, samples: prometheus.VectorSample[]): Frame[] {
  const names = [...new Set(samples.flatMap(({ metric }) => Object.keys(metric)))].sort();
  const column = (name: string): Field => ({
    name,
    type: 'string',
    labels: {},
    values: samples.map(({ metric }) => metric[name] ?? ''),
  });
  return [
    {
      refId: target.refId,
      fields: [
        { name: 'Time', type: 'time', labels: {}, values: samples.map(({ value }) => value[0] * 1000) },
        ...names.map(column),
        { name: 'Value', type: 'number', labels: {}, values: samples.map(({ value }) => number(value[1])) },
      ],
    },
  ];
}

function vectorFrames(target: Target, samples: prometheus.VectorSample[]): Frame[] {
  const series = samples.map(({ metric, value }) => ({ metric, values: [value] }));
  return matrixFrames(target, series, Number.MAX_SAFE_INTEGER);
}

function framesOf(target: Target, data: prometheus.QueryData, step: number): Frame[] {
  switch (data.resultType) {
    case 'matrix':
      return matrixFrames(target, data.result, step);
    case 'vector':
      return target.format === 'table' ? vectorTable(target, data.result) : vectorFrames(target, data.result);
    default:
      return matrixFrames(target, [{ metric: {}, values: [data.result] }], step);
  }
}

const runPrometheus: Run = async (source, target, { scope, signal }) => {
  const expr = interpolate(target.expr ?? '', scope);
  const { range, step } = scope;
  const asInstant = target.instant === true || target.range === false;
  const wanted = asInstant
    ? prometheus.instant(source.uid, expr, range.to, signal)
    : prometheus.range(source.uid, expr, range, step, signal);
  // A lost exemplar is no reason to lose the lines.
  const points = target.exemplar && !asInstant ? prometheus.exemplars(source.uid, expr, range, signal).catch(() => []) : [];
  const [data, exemplars] = await Promise.all([wanted, points]);
  const frames = framesOf(target, data, step);
  if (frames[0] && exemplars.length > 0) frames[0].exemplars = exemplars;
  return { frames };
};

const runLoki: Run = async (source, target, { scope, signal }) => {
  const expr = interpolate(target.expr ?? '', scope);
  const limit = target.maxLines ?? Number(source.jsonData['maxLines'] ?? 1000);
  const data = await loki.range(source.uid, expr, scope.range, { step: scope.step, limit }, signal);
  if (data.resultType === 'streams') return { frames: [], logs: loki.lines(data) };
  return { frames: framesOf(target, data, scope.step) };
};

const TRACE_ID = /^[0-9a-fA-F]{16,32}$/;

const runTempo: Run = async (source, target, context) => {
  const { scope, signal, datasources } = context;
  if (target.queryType === 'serviceMap') {
    const link = source.jsonData['serviceMap'] as { datasourceUid?: string } | undefined;
    const metrics = datasources.find((one) => one.uid === link?.datasourceUid);
    if (!metrics) throw new Error('the Tempo data source names no data source under serviceMap');
    return { frames: [], graph: await serviceGraph(metrics.uid, scope.range, signal) };
  }
  const text = interpolate(target.query ?? '', scope, 'raw').trim();
  if (TRACE_ID.test(text)) return { frames: [], spans: await tempo.trace(source.uid, text, signal) };
  const traces = await tempo.search(source.uid, text === '' ? '{}' : text, scope.range, target.limit ?? 20, signal);
  return { frames: [], traces };
};

const RUNNERS: Record<string, Run> = { prometheus: runPrometheus, loki: runLoki, tempo: runTempo };

/** The data source of a target, then of its panel, then the default one. */
export function sourceOf(target: Target, context: Context, panelUid?: string): Datasource {
  const uid = interpolate(target.datasource?.uid ?? panelUid ?? '', context.scope, 'raw');
  const found = context.datasources.find((one) => one.uid === uid || one.name === uid);
  const source = found ?? (uid === '' ? context.datasources.find((one) => one.isDefault) : undefined);
  if (!source) throw new Error(`data source "${uid}" is not provisioned`);
  return source;
}

export async function run(target: Target, context: Context, panelUid?: string): Promise<Result> {
  const source = sourceOf(target, context, panelUid);
  const runner = RUNNERS[source.type];
  if (!runner) throw new Error(`queries to data sources of type ${source.type} are not supported`);
  return runner(source, target, context);
}
