/** Time ranges as Grafana writes them in URLs: `now-15m`, `now`, `now/d`, or milliseconds since the epoch. */

export interface RawRange {
  from: string;
  to: string;
}

export interface Range {
  /** Milliseconds since the epoch. */
  from: number;
  to: number;
}

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  M: 30 * 86_400_000,
  y: 365 * 86_400_000,
};

/** Milliseconds of a duration such as `30s` or `1h30m`; null when it is none. */
export function parseDuration(text: string): number | null {
  let total = 0;
  let rest = text.trim();
  if (rest === '') return null;
  while (rest !== '') {
    const match = /^(\d+(?:\.\d+)?)(ms|[smhdwMy])/.exec(rest);
    if (!match) return null;
    total += Number(match[1]) * (UNITS[match[2] ?? ''] ?? 0);
    rest = rest.slice(match[0].length);
  }
  return total;
}

/** Writes milliseconds as Prometheus would read them: `90000` is `1m30s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms % 1000 !== 0) return `${Math.max(1, Math.round(ms))}ms`;
  let left = Math.round(ms);
  let out = '';
  for (const [unit, size] of [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000]] as const) {
    const count = Math.floor(left / size);
    if (count > 0) out += `${count}${unit}`;
    left -= count * size;
  }
  return out;
}

/** The instant that a text names, seen from `now`; null when it names none. `up` rounds `/d` to the end of the day. */
export function parseInstant(text: string, now: number, up: boolean): number | null {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) return Number(trimmed);
  const match = /^now(.*)$/.exec(trimmed);
  if (!match) {
    const parsed = Date.parse(trimmed);
    return Number.isNaN(parsed) ? null : parsed;
  }
  let at = now;
  let rest = match[1] ?? '';
  while (rest !== '') {
    const step = /^([+-]\d+(?:ms|[smhdwMy])|\/[smhdwMy])/.exec(rest);
    if (!step) return null;
    const token = step[1] ?? '';
    if (token.startsWith('/')) {
      at = roundTo(at, token.slice(1), up);
    } else {
      const length = parseDuration(token.slice(1));
      if (length === null) return null;
      at += token.startsWith('-') ? -length : length;
    }
    rest = rest.slice(token.length);
  }
  return at;
}

function roundTo(at: number, unit: string, up: boolean): number {
  const date = new Date(at);
  if (unit === 's') date.setMilliseconds(0);
  if (unit === 'm') date.setSeconds(0, 0);
  if (unit === 'h') date.setMinutes(0, 0, 0);
  if ('dwMy'.includes(unit)) date.setHours(0, 0, 0, 0);
  if (unit === 'w') date.setDate(date.getDate() - ((date.getDay() + 6) % 7));
  if (unit === 'M' || unit === 'y') date.setDate(1);
  if (unit === 'y') date.setMonth(0);
  return up ? date.getTime() + (UNITS[unit] ?? 0) - 1 : date.getTime();
}

/** The range that a pair of texts names; the last 15 minutes when they name none. */
export function resolveRange(raw: RawRange, now: number): Range {
  const from = parseInstant(raw.from, now, false);
  const to = parseInstant(raw.to, now, true);
  if (from === null || to === null || from >= to) return { from: now - 900_000, to: now };
  return { from, to };
}

/** Steps that Grafana rounds an interval to, in milliseconds: each serves up to the limit before it. */
const STEPS: [limit: number, step: number][] = [
  [10, 1], [15, 10], [35, 20], [75, 50], [150, 100], [350, 200], [750, 500], [1500, 1000], [3500, 2000], [7500, 5000],
  [12_500, 10_000], [17_500, 15_000], [25_000, 20_000], [45_000, 30_000], [90_000, 60_000], [210_000, 120_000],
  [450_000, 300_000], [750_000, 600_000], [1_050_000, 900_000], [1_500_000, 1_200_000], [2_700_000, 1_800_000],
  [5_400_000, 3_600_000], [9_000_000, 7_200_000], [16_200_000, 10_800_000], [32_400_000, 21_600_000],
  [64_800_000, 43_200_000], [604_800_000, 86_400_000],
];

/** The step for a range at a number of points: rounded as Grafana rounds, and not below `least` (milliseconds). */
export function stepFor(range: Range, points: number, least: number): number {
  const raw = (range.to - range.from) / Math.max(1, points);
  const found = STEPS.find(([limit]) => raw < limit);
  return Math.max(found ? found[1] : 604_800_000, least);
}

/** `$__rate_interval`: four scrapes, or the step and one scrape, whichever is longer. Milliseconds. */
export function rateInterval(step: number, scrape: number): number {
  return Math.max(step + scrape, 4 * scrape);
}

const RELATIVE = /^now-(\d+)([smhdw])$/;
const NAMES: Record<string, string> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' };

/** How a range is shown on its button. */
export function describeRange(raw: RawRange): string {
  const match = RELATIVE.exec(raw.from);
  if (match && raw.to === 'now') {
    const count = Number(match[1]);
    return `Last ${count} ${NAMES[match[2] ?? ''] ?? ''}${count === 1 ? '' : 's'}`;
  }
  const show = (text: string) => (/^\d+$/.test(text) ? formatTime(Number(text)) : text);
  return `${show(raw.from)} to ${show(raw.to)}`;
}

const pad = (value: number, digits = 2) => String(value).padStart(digits, '0');

/** Local time with seconds. */
export function formatTime(ms: number): string {
  const date = new Date(ms);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** Local time of day with milliseconds. */
export function formatClock(ms: number): string {
  const date = new Date(ms);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
}
