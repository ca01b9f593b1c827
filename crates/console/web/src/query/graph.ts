/** The service map: Tempo's service graph metrics, asked of the metrics data source. */

import { instant } from '../api/prometheus';
import type { GraphEdge, GraphNode } from '../model/frame';
import type { Range } from '../model/time';

async function vector(uid: string, expr: string, at: number, signal?: AbortSignal): Promise<Map<string, number>> {
  const data = await instant(uid, expr, at, signal);
  const found = new Map<string, number>();
  if (data.resultType !== 'vector') return found;
  for (const { metric, value } of data.result) found.set(`${metric['client']}\n${metric['server']}`, Number(value[1]));
  return found;
}

export async function serviceGraph(
  uid: string,
  range: Range,
  signal?: AbortSignal,
): Promise<{ nodes: GraphNode[]; edges: GraphEdge[] }> {
  const window = `${Math.max(30, Math.round((range.to - range.from) / 1000))}s`;
  const by = (expr: string) => vector(uid, `sum by (client, server) (${expr})`, range.to, signal);
  const [total, failed, seconds, count] = await Promise.all([
    by(`rate(traces_service_graph_request_total[${window}])`),
    by(`rate(traces_service_graph_request_failed_total[${window}])`),
    by(`rate(traces_service_graph_request_server_seconds_sum[${window}])`),
    by(`rate(traces_service_graph_request_server_seconds_count[${window}])`),
  ]);
  const edges: GraphEdge[] = [];
  const nodes = new Map<string, { rate: number; failed: number; seconds: number; count: number }>();
  const node = (id: string) => {
    const found = nodes.get(id) ?? { rate: 0, failed: 0, seconds: 0, count: 0 };
    nodes.set(id, found);
    return found;
  };
  for (const [key, rate] of total) {
    const [from = '', to = ''] = key.split('\n');
    const bad = failed.get(key) ?? 0;
    edges.push({ from, to, rate, errorRatio: rate > 0 ? bad / rate : 0 });
    node(from);
    const server = node(to);
    server.rate += rate;
    server.failed += bad;
    server.seconds += seconds.get(key) ?? 0;
    server.count += count.get(key) ?? 0;
  }
  return {
    edges,
    nodes: [...nodes].map(([id, sum]) => ({
      id,
      rate: sum.rate,
      errorRatio: sum.rate > 0 ? sum.failed / sum.rate : 0,
      latency: sum.count > 0 ? sum.seconds / sum.count : null,
    })),
  };
}
