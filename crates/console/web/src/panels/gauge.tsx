/** Gauge: a value on an arc. Bar gauge: a value on a bar. */

import { singles } from './stat';
import type { PanelProps } from './types';

/** How far a value is on its way from min to max, 0 to 1. */
function share(value: number | null, props: PanelProps): number {
  const { min = 0, max = 100, unit } = props.panel.fieldConfig?.defaults ?? {};
  const top = props.panel.fieldConfig?.defaults.max === undefined && unit === 'percentunit' ? 1 : max;
  return value === null ? 0 : Math.max(0, Math.min(1, (value - min) / (top - min || 1)));
}

/** The end of an arc of 240 degrees around (50, 50). */
function arc(part: number): string {
  const angle = ((-210 + 240 * part) * Math.PI) / 180;
  const x = 50 + 40 * Math.cos(angle);
  const y = 50 + 40 * Math.sin(angle);
  return `M 15.36 70 A 40 40 0 ${part > 0.75 ? 1 : 0} 1 ${x.toFixed(2)} ${y.toFixed(2)}`;
}

export function Gauge(props: PanelProps) {
  const list = singles(props);
  if (list.length === 0) return <div class="empty">No data</div>;
  return (
    <div class="stats">
      {list.map((single) => (
        <div class="stat" key={single.name}>
          <svg class="gauge" viewBox="0 0 100 84" role="img" aria-label={`${single.name}: ${single.text}`}>
            <path d={arc(1)} class="track" />
            <path d={arc(share(single.value, props))} style={{ stroke: single.color ?? 'var(--text)' }} />
            <text x="50" y="56">{single.text}</text>
          </svg>
          <div class="name">{single.name}</div>
        </div>
      ))}
    </div>
  );
}

export function BarGauge(props: PanelProps) {
  const list = singles(props);
  if (list.length === 0) return <div class="empty">No data</div>;
  return (
    <div class="bars">
      {list.map((single) => (
        <div class="bar-row" key={single.name}>
          <span class="name">{single.name}</span>
          <span class="bar"><span style={{ width: `${share(single.value, props) * 100}%`, background: single.color ?? 'var(--link)' }} /></span>
          <b style={{ color: single.color }}>{single.text}</b>
        </div>
      ))}
    </div>
  );
}
