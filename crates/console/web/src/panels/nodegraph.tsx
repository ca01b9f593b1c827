/** The service map: who calls whom, how often, with how many errors. */

import { formatValue } from '../model/units';
import type { GraphEdge, GraphNode } from '../model/frame';
import { explore } from '../state/links';
import type { PanelProps } from './types';

interface Placed extends GraphNode {
  x: number;
  y: number;
}

const WIDTH = 190;
const HEIGHT = 92;

/** Columns by the longest way from a service that nobody calls. */
export function place(nodes: GraphNode[], edges: GraphEdge[]): Placed[] {
  const depth = new Map(nodes.map((node) => [node.id, 0]));
  // A circle ends after as many rounds as there are services.
  for (let round = 0; round < nodes.length; round += 1) {
    for (const { from, to } of edges) {
      if (from !== to) depth.set(to, Math.min(nodes.length, Math.max(depth.get(to) ?? 0, (depth.get(from) ?? 0) + 1)));
    }
  }
  const rows = new Map<number, number>();
  const columns = [...new Set(depth.values())].sort((a, b) => a - b);
  return [...nodes]
    .sort((a, b) => a.id.localeCompare(b.id))
    .map((node) => {
      const column = columns.indexOf(depth.get(node.id) ?? 0);
      const row = rows.get(column) ?? 0;
      rows.set(column, row + 1);
      return { ...node, x: 90 + column * WIDTH, y: 80 + row * HEIGHT };
    });
}

export function NodeGraph({ result, datasources, raw }: PanelProps) {
  const { nodes = [], edges = [] } = result.graph ?? {};
  if (nodes.length === 0) return <div class="empty">No calls between services in this time</div>;
  const placed = place(nodes, edges);
  const at = new Map(placed.map((node) => [node.id, node]));
  const width = Math.max(...placed.map((node) => node.x)) + 100;
  const height = Math.max(...placed.map((node) => node.y)) + 60;
  const tempo = datasources.find((one) => one.type === 'tempo');
  const percent = (ratio: number) => formatValue(ratio, 'percentunit', 1);
  return (
    <div class="nodegraph">
      <svg viewBox={`0 0 ${width} ${height}`} role="group" aria-label="Service map">
        <defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" class="arrow" /></marker></defs>
        {edges.map((edge) => {
          const a = at.get(edge.from);
          const b = at.get(edge.to);
          if (!a || !b) return null;
          // An edge that passes a column bends upwards, so that it does not run through the services between.
          const bend = Math.abs(b.x - a.x) > WIDTH * 1.5 ? -90 : 0;
          const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 + bend };
          const rim = (from: Placed): { x: number; y: number } => {
            const length = Math.hypot(middle.x - from.x, middle.y - from.y) || 1;
            return { x: from.x + ((middle.x - from.x) / length) * 31, y: from.y + ((middle.y - from.y) / length) * 31 };
          };
          const [start, end] = [rim(a), rim(b)];
          const label = { x: middle.x, y: (a.y + b.y) / 2 + bend / 2 };
          return (
            <g key={`${edge.from} ${edge.to}`}>
              <path d={`M ${start.x} ${start.y} Q ${middle.x} ${middle.y} ${end.x} ${end.y}`} class={edge.errorRatio > 0.01 ? 'edge failing' : 'edge'} marker-end="url(#arrow)" />
              <text x={label.x} y={label.y - 5} class="edge-label">{formatValue(edge.rate, 'reqps', 1)}</text>
              {edge.errorRatio > 0 && <text x={label.x} y={label.y + 9} class="edge-label">{percent(edge.errorRatio)} errors</text>}
            </g>
          );
        })}
        {placed.map((node) => {
          const query = `{ resource.service.name = ${JSON.stringify(node.id)} }`;
          const url = tempo ? explore(tempo, { query, queryType: 'traceql' }, raw) : '#';
          const circle = 2 * Math.PI * 28;
          return (
            <a href={url} key={node.id} aria-label={`Traces of ${node.id}, ${percent(node.errorRatio)} errors`}>
              <g transform={`translate(${node.x} ${node.y})`}>
                <circle r="28" class="node" />
                <circle r="28" class="node-errors" stroke-dasharray={`${node.errorRatio * circle} ${circle}`} transform="rotate(-90)" />
                <text y="-2" class="node-value">{node.latency === null ? '-' : formatValue(node.latency, 's', 1)}</text>
                <text y="11" class="node-value small">{formatValue(node.rate, 'reqps', 1)}</text>
                <text y="44" class="node-name">{node.id}</text>
              </g>
            </a>
          );
        })}
      </svg>
    </div>
  );
}
