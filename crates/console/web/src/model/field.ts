/** Field options: defaults, overrides, thresholds, mappings and colours. */

import type { FieldOptions, Mapping, Override, ThresholdStep } from './dashboard';
import type { Field, Frame } from './frame';
import { formatValue } from './units';

/** Grafana's classic palette, by its colour names; shown as they are in its dark theme. */
const NAMED: Record<string, string> = {
  green: '#73BF69',
  'dark-green': '#37872D',
  'semi-dark-green': '#56A64B',
  'light-green': '#96D98D',
  yellow: '#FADE2A',
  'dark-yellow': '#E0B400',
  'semi-dark-yellow': '#F2CC0C',
  orange: '#FF9830',
  'dark-orange': '#FA6400',
  'semi-dark-orange': '#FF780A',
  red: '#F2495C',
  'dark-red': '#C4162A',
  'semi-dark-red': '#E02F44',
  blue: '#5794F2',
  'dark-blue': '#1F60C4',
  'semi-dark-blue': '#3274D9',
  purple: '#B877D9',
  'dark-purple': '#8F3BB8',
  text: 'var(--text)',
  transparent: 'transparent',
};

const PALETTE = [
  '#73BF69', '#F2CC0C', '#8AB8FF', '#FF780A', '#F2495C', '#5794F2', '#B877D9', '#705DA0', '#37872D', '#FADE2A',
  '#447EBC', '#C15C17', '#890F02', '#0A437C', '#6D1F62', '#584477',
];

export const color = (name: string): string => NAMED[name] ?? name;
export const paletteColor = (index: number): string => PALETTE[index % PALETTE.length] ?? '#888';

/** The name a column is shown by. */
export function fieldName(field: Field, frame: Frame): string {
  return field.displayName ?? (field.name === 'Value' ? frame.name : undefined) ?? field.name;
}

function matches(override: Override, field: Field, frame: Frame): boolean {
  const { id, options } = override.matcher;
  switch (id) {
    case 'byName':
      return field.name === options || fieldName(field, frame) === options;
    case 'byRegexp': {
      const body = String(options).replace(/^\/|\/\w*$/g, '');
      try {
        return new RegExp(body).test(fieldName(field, frame));
      } catch {
        return false;
      }
    }
    case 'byFrameRefID':
      return frame.refId === options;
    case 'byType':
      return field.type === options;
    default:
      return false;
  }
}

/** The options of one column: the defaults, changed by every override that matches it, in their order. */
export function optionsFor(
  config: { defaults: FieldOptions; overrides: Override[] } | undefined,
  field: Field,
  frame: Frame,
): FieldOptions {
  const options: FieldOptions = { ...config?.defaults, custom: { ...config?.defaults.custom } };
  for (const override of config?.overrides ?? []) {
    if (!matches(override, field, frame)) continue;
    for (const { id, value } of override.properties) {
      if (id.startsWith('custom.')) {
        (options.custom ??= {})[id.slice(7)] = value;
      } else {
        (options as Record<string, unknown>)[id] = value;
      }
    }
  }
  return options;
}

/** The step that a value has reached. In percentage mode, steps are shares of the way from min to max. */
export function thresholdFor(value: number, options: FieldOptions): ThresholdStep | undefined {
  const steps = options.thresholds?.steps ?? [];
  const span = (options.max ?? 100) - (options.min ?? 0);
  const share = options.thresholds?.mode === 'percentage' ? ((value - (options.min ?? 0)) / span) * 100 : value;
  let found = steps[0];
  for (const step of steps) if (step.value === null || share >= step.value) found = step;
  return found;
}

export interface Shown {
  text: string;
  color?: string;
}

function mapped(value: number | string | null, mapping: Mapping): Shown | undefined {
  const result = (raw: unknown): Shown => {
    const { text, color: name } = raw as { text?: string; color?: string };
    return { text: text ?? String(value), ...(name ? { color: color(name) } : {}) };
  };
  if (mapping.type === 'value') {
    const found = mapping.options[String(value)];
    return found ? result(found) : undefined;
  }
  const options = mapping.options as { from?: number; to?: number; match?: string; pattern?: string; result?: unknown };
  switch (mapping.type) {
    case 'range': {
      const inside =
        typeof value === 'number' && value >= (options.from ?? -Infinity) && value <= (options.to ?? Infinity);
      return inside ? result(options.result) : undefined;
    }
    case 'special': {
      const none = value === null;
      const nan = typeof value === 'number' && Number.isNaN(value);
      const hit =
        { null: none, nan, 'null+nan': none || nan, empty: value === '', true: value === 1, false: value === 0 }[
          options.match ?? ''
        ] ?? false;
      return hit ? result(options.result) : undefined;
    }
    case 'regex': {
      const match = new RegExp((options.pattern ?? '').replace(/^\/|\/$/g, '')).exec(String(value));
      return match ? result(options.result) : undefined;
    }
    default:
      return undefined;
  }
}

/** Text and colour of a value: a mapping if one fits, else the unit and the threshold. */
export function show(value: number | string | null, options: FieldOptions): Shown {
  for (const mapping of options.mappings ?? []) {
    const found = mapped(value, mapping);
    if (found) {
      const step = typeof value === 'number' ? thresholdFor(value, options) : undefined;
      const fallback = step ? color(step.color) : undefined;
      return { text: found.text, ...((found.color ?? fallback) ? { color: found.color ?? fallback } : {}) };
    }
  }
  if (value === null) return { text: options.noValue ?? 'No data' };
  if (typeof value === 'string') return { text: value };
  const text = formatValue(value, options.unit, options.decimals ?? null);
  if (options.color?.mode === 'fixed') return { text, color: color(options.color.fixedColor ?? 'text') };
  const step = thresholdFor(value, options);
  return step ? { text, color: color(step.color) } : { text };
}

/** One number of a column. Source: Grafana's documentation, "Calculation types". */
export function reduce(values: (number | string | null)[], calc: string): number | string | null {
  const numbers = values.filter((value): value is number => typeof value === 'number' && !Number.isNaN(value));
  const last = <T>(list: T[]) => list[list.length - 1];
  switch (calc) {
    case 'lastNotNull':
      return last(values.filter((value) => value !== null && !(typeof value === 'number' && Number.isNaN(value)))) ?? null;
    case 'last':
      return last(values) ?? null;
    case 'firstNotNull':
      return values.find((value) => value !== null) ?? null;
    case 'first':
      return values[0] ?? null;
    case 'min':
      return numbers.length ? Math.min(...numbers) : null;
    case 'max':
      return numbers.length ? Math.max(...numbers) : null;
    case 'mean':
      return numbers.length ? numbers.reduce((sum, value) => sum + value, 0) / numbers.length : null;
    case 'sum':
    case 'total':
      return numbers.reduce((sum, value) => sum + value, 0);
    case 'count':
      return values.length;
    case 'range':
      return numbers.length ? Math.max(...numbers) - Math.min(...numbers) : null;
    case 'diff':
      return numbers.length ? (last(numbers) ?? 0) - (numbers[0] ?? 0) : null;
    default:
      return last(numbers) ?? null;
  }
}

export const CALC_NAMES: Record<string, string> = {
  lastNotNull: 'Last *',
  last: 'Last',
  min: 'Min',
  max: 'Max',
  mean: 'Mean',
  sum: 'Total',
  count: 'Count',
};
