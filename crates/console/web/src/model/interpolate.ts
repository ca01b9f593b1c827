/** Template variables: `$name`, `${name}`, `${name:format}`, `[[name]]`, and Grafana's own `$__…`. */

import { formatDuration, type Range } from './time';

export type VariableValue = string | string[];
export type Variables = Record<string, VariableValue>;

export interface Scope {
  variables: Variables;
  range: Range;
  /** Step of the query, in milliseconds. */
  step: number;
  /** Milliseconds. */
  rateInterval: number;
}

const PATTERN = /\$(\w+)|\$\{([\w.]+)(?::(\w+))?\}|\[\[(\w+)(?::(\w+))?\]\]/g;

function escapeRegex(text: string): string {
  return text.replace(/[\\^$*+?.()|[\]{}/-]/g, '\\$&');
}

/** How a value looks inside a query language: several values become an alternation in a regular expression. */
function format(value: VariableValue, how: string): string {
  const list = Array.isArray(value) ? value : [value];
  switch (how) {
    case 'raw':
      return list.join(',');
    case 'csv':
      return list.join(',');
    case 'pipe':
      return list.join('|');
    case 'json':
      return JSON.stringify(value);
    case 'queryparam':
    case 'percentencode':
      return encodeURIComponent(list.join(','));
    case 'doublequote':
      return list.map((one) => `"${one.replace(/"/g, '\\"')}"`).join(',');
    default: {
      // PromQL and LogQL: in a string, so backslashes are written twice.
      if (!Array.isArray(value)) return how === 'text' ? value : value.replace(/\\/g, '\\\\').replace(/"/g, '\\"');
      const escaped = list.map((one) => escapeRegex(one).replace(/\\/g, '\\\\'));
      return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`;
    }
  }
}

function builtIn(name: string, scope: Scope): string | undefined {
  switch (name) {
    case '__interval':
      return formatDuration(scope.step);
    case '__interval_ms':
      return String(scope.step);
    case '__rate_interval':
      return formatDuration(scope.rateInterval);
    case '__rate_interval_ms':
      return String(scope.rateInterval);
    case '__auto':
      return formatDuration(scope.step);
    case '__range':
      return `${Math.round((scope.range.to - scope.range.from) / 1000)}s`;
    case '__range_s':
      return String(Math.round((scope.range.to - scope.range.from) / 1000));
    case '__range_ms':
      return String(scope.range.to - scope.range.from);
    case '__from':
      return String(scope.range.from);
    case '__to':
      return String(scope.range.to);
    default:
      return undefined;
  }
}

/** Replaces what is known; an unknown name stays as it is. */
export function interpolate(text: string, scope: Scope, how = 'query'): string {
  return text.replace(PATTERN, (whole, a?: string, b?: string, formatB?: string, c?: string, formatC?: string) => {
    const name = a ?? b ?? c ?? '';
    const own = builtIn(name, scope);
    if (own !== undefined) return own;
    const value = scope.variables[name];
    return value === undefined ? whole : format(value, formatB ?? formatC ?? how);
  });
}

/** `{{label}}` of a legend. An unknown label becomes nothing, as in Grafana. */
export function legend(format: string, labels: Record<string, string>): string {
  return format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name: string) => labels[name] ?? '');
}

/** A series as Prometheus prints it. */
export function seriesName(labels: Record<string, string>): string {
  const { __name__: name = '', ...rest } = labels;
  const pairs = Object.entries(rest).map(([key, value]) => `${key}="${value}"`);
  return pairs.length === 0 && name !== '' ? name : `${name}{${pairs.join(', ')}}`;
}
