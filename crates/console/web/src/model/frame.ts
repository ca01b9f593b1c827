/** The table that every query answers with and every panel draws: columns of equal length. */

export type FieldType = 'time' | 'number' | 'string';

export interface Link {
  title: string;
  /** A path of this console, such as /explore?… */
  url: string;
}

export interface Field {
  name: string;
  type: FieldType;
  /** What tells this column from others of its name. */
  labels: Record<string, string>;
  /** Times are milliseconds since the epoch. */
  values: (number | string | null)[];
  /** The name to show when the query says one (legendFormat). */
  displayName?: string;
}

export interface Exemplar {
  time: number;
  value: number;
  labels: Record<string, string>;
}

export interface Frame {
  refId: string;
  name?: string;
  fields: Field[];
  exemplars?: Exemplar[];
}

export interface LogLine {
  /** Nanoseconds since the epoch, as text: a number would lose digits. */
  time: string;
  line: string;
  /** Stream labels. */
  labels: Record<string, string>;
  /** Structured metadata and parsed fields. */
  fields: Record<string, string>;
}

export interface SpanRow {
  traceId: string;
  spanId: string;
  parentId: string | null;
  name: string;
  service: string;
  kind: string;
  /** Nanoseconds since the epoch. */
  start: bigint;
  end: bigint;
  error: boolean;
  statusMessage: string;
  attributes: [string, string][];
  resource: [string, string][];
  events: { time: bigint; name: string; attributes: [string, string][] }[];
}

export interface TraceSummary {
  traceId: string;
  service: string;
  name: string;
  /** Milliseconds since the epoch. */
  start: number;
  durationMs: number;
}

export interface GraphNode {
  id: string;
  rate: number;
  errorRatio: number;
  /** Seconds. */
  latency: number | null;
}

export interface GraphEdge {
  from: string;
  to: string;
  rate: number;
  errorRatio: number;
}

/** What one target of a panel answered with. */
export interface Result {
  frames: Frame[];
  logs?: LogLine[];
  traces?: TraceSummary[];
  spans?: SpanRow[];
  graph?: { nodes: GraphNode[]; edges: GraphEdge[] };
}
