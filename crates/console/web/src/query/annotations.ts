/** What happened, for all charts of a dashboard: annotation queries against Loki and Prometheus. */

import * as loki from '../api/loki';
import * as prometheus from '../api/prometheus';
import { lineMillis } from '../components/logs';
import type { Annotation } from '../model/dashboard';
import { color } from '../model/field';
import { interpolate, legend } from '../model/interpolate';
import type { Mark } from '../panels/types';
import type { Context } from './run';

/** More marks than that are a wall. */
const LIMIT = 200;

export async function annotations(list: Annotation[], context: Context): Promise<Mark[]> {
  const wanted = list.filter((one) => one.enable && !one.builtIn);
  const found = await Promise.all(wanted.map((one) => marksOf(one, context).catch(() => [])));
  return found.flat().sort((a, b) => a.time - b.time);
}

async function marksOf(annotation: Annotation, { scope, datasources, signal }: Context): Promise<Mark[]> {
  const uid = annotation.target?.datasource?.uid ?? annotation.datasource?.uid;
  const source = datasources.find((one) => one.uid === uid);
  const expr = interpolate(annotation.target?.expr ?? annotation.expr ?? '', scope);
  if (!source || expr === '') return [];
  const mark = (time: number, labels: Record<string, string>, fallback: string): Mark => ({
    time,
    title: legend(annotation.titleFormat ?? annotation.name, labels),
    text: annotation.textFormat ? legend(annotation.textFormat, labels) : fallback,
    color: color(annotation.iconColor ?? 'blue'),
  });
  if (source.type === 'loki') {
    const data = await loki.range(source.uid, expr, scope.range, { limit: LIMIT }, signal);
    return loki.lines(data).map((line) => mark(lineMillis(line), { ...line.labels, ...line.fields }, line.line));
  }
  const data = await prometheus.range(source.uid, expr, scope.range, scope.step, signal);
  if (data.resultType !== 'matrix') return [];
  // A mark where a series begins to be there, or comes back.
  return data.result.flatMap(({ metric, values }) =>
    values
      .filter(([time, value], at) => Number(value) !== 0 && (at === 0 || (values[at - 1]?.[1] === '0' || time - (values[at - 1]?.[0] ?? 0) > (scope.step / 1000) * 1.5)))
      .slice(0, LIMIT)
      .map(([time]) => mark(time * 1000, metric, '')),
  );
}
