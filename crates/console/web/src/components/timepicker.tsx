/** The time range, its refresh, and zooming out. */

import { useState } from 'preact/hooks';
import { describeRange, parseInstant, type Range, type RawRange } from '../model/time';
import { setParams } from '../state/router';

const QUICK = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '24h', '2d', '7d'];
export const REFRESHES = ['', '1s', '5s', '10s', '30s', '1m', '5m'];

interface Props {
  raw: RawRange;
  range: Range;
  refresh: string;
  onRefresh: () => void;
}

export function TimePicker({ raw, range, refresh, onRefresh }: Props) {
  const [open, setOpen] = useState(false);
  const [from, setFrom] = useState(raw.from);
  const [to, setTo] = useState(raw.to);
  const [error, setError] = useState('');
  const choose = (next: RawRange) => {
    setOpen(false);
    setParams({ from: next.from, to: next.to });
  };
  const apply = (event: Event) => {
    event.preventDefault();
    const start = parseInstant(from, Date.now(), false);
    const end = parseInstant(to, Date.now(), true);
    if (start === null || end === null) return setError('Expected a time such as now-15m, now or 2026-01-31 12:00');
    if (start >= end) return setError('The start has to be before the end');
    setError('');
    return choose({ from, to });
  };
  const zoomOut = () => {
    const span = range.to - range.from;
    choose({ from: String(Math.round(range.from - span / 2)), to: String(Math.round(range.to + span / 2)) });
  };
  return (
    <div class="timepicker">
      <button class="button" aria-haspopup="dialog" aria-expanded={open} onClick={() => { setFrom(raw.from); setTo(raw.to); setOpen(!open); }}>
        {describeRange(raw)} ▾
      </button>
      <button class="button" title="Zoom out" aria-label="Zoom out" onClick={zoomOut}>−</button>
      <button class="button" title="Refresh" aria-label="Refresh" onClick={onRefresh}>⟳</button>
      <select aria-label="Refresh every" value={refresh} onChange={(event) => setParams({ refresh: event.currentTarget.value }, true)}>
        {REFRESHES.map((value) => <option key={value} value={value}>{value === '' ? 'Off' : value}</option>)}
      </select>
      {open && (
        <form class="menu" role="dialog" aria-label="Time range" onSubmit={apply} onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}>
          <label>From <input value={from} onInput={(event) => setFrom(event.currentTarget.value)} /></label>
          <label>To <input value={to} onInput={(event) => setTo(event.currentTarget.value)} /></label>
          {error && <p class="bad" role="alert">{error}</p>}
          <button class="button primary" type="submit">Apply</button>
          <div class="quick">
            {QUICK.map((text) => (
              <button type="button" key={text} onClick={() => choose({ from: `now-${text}`, to: 'now' })}>
                {describeRange({ from: `now-${text}`, to: 'now' })}
              </button>
            ))}
          </div>
        </form>
      )}
    </div>
  );
}
