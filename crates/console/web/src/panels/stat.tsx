/** One big value a series, with its course behind it. */

import { fieldName, optionsFor, reduce, show } from '../model/field';
import { linesOf } from '../charts/align';
import type { PanelProps } from './types';

export interface Single {
  name: string;
  text: string;
  color: string | undefined;
  value: number | null;
  /** The course, for the line behind the value. */
  values: (number | string | null)[];
}

/** The values that stat, gauge and bar gauge show. */
export function singles({ panel, result }: PanelProps): Single[] {
  const reduceOptions = (panel.options?.['reduceOptions'] ?? {}) as { calcs?: string[] };
  const calc = reduceOptions.calcs?.[0] ?? 'lastNotNull';
  return linesOf(result.frames).map(({ field, frame }) => {
    const options = optionsFor(panel.fieldConfig, field, frame);
    const value = reduce(field.values, calc);
    const shown = show(value, options);
    return {
      name: options.displayName ?? fieldName(field, frame),
      text: shown.text,
      color: shown.color,
      value: typeof value === 'number' ? value : null,
      values: field.values,
    };
  });
}

/** A filled line from its numbers, in a box of 100 by 30. */
function Sparkline({ values, color }: { values: (number | string | null)[]; color: string }) {
  const numbers = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  if (numbers.length < 2) return null;
  const least = Math.min(...numbers);
  const span = Math.max(...numbers) - least || 1;
  const points = numbers.map((value, at) => `${(at / (numbers.length - 1)) * 100},${28 - ((value - least) / span) * 26}`);
  return (
    <svg class="sparkline" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
      <polygon points={`0,30 ${points.join(' ')} 100,30`} fill={color} opacity="0.18" />
      <polyline points={points.join(' ')} fill="none" stroke={color} stroke-width="1" vector-effect="non-scaling-stroke" />
    </svg>
  );
}

export function Stat(props: PanelProps) {
  const list = singles(props);
  const noValue = props.panel.fieldConfig?.defaults.noValue;
  if (list.length === 0) return <div class="empty">{noValue ?? 'No data'}</div>;
  const graph = props.panel.options?.['graphMode'] !== 'none';
  const mode = String(props.panel.options?.['colorMode'] ?? 'value');
  return (
    <div class="stats">
      {list.map((single) => {
        const tint = single.color ?? 'var(--text)';
        const background = mode.startsWith('background') ? { background: tint, color: '#111' } : {};
        return (
          <div class="stat" key={single.name} style={background}>
            {(list.length > 1 || props.panel.options?.['textMode'] === 'value_and_name') && <div class="name">{single.name}</div>}
            <div class="value" style={mode === 'value' ? { color: tint } : {}}>{single.text}</div>
            {graph && <Sparkline values={single.values} color={tint} />}
          </div>
        );
      })}
    </div>
  );
}
