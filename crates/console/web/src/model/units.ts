/** Grafana's unit names: from a number to the text that is shown. */

type Formatter = (value: number, decimals: number | null) => { text: string; suffix: string };

/** As many decimals as three significant digits need, like Grafana's automatic choice. */
function fixed(value: number, decimals: number | null): string {
  if (decimals !== null) return value.toFixed(Math.max(0, Math.min(20, decimals)));
  const size = Math.abs(value);
  if (size === 0) return '0';
  const digits = Math.max(0, Math.min(12, 2 - Math.floor(Math.log10(size))));
  return String(Number(value.toFixed(digits)));
}

function scaled(base: number, suffixes: string[]): Formatter {
  return (value, decimals) => {
    let scale = 0;
    let shown = value;
    while (Math.abs(shown) >= base && scale < suffixes.length - 1) {
      shown /= base;
      scale += 1;
    }
    return { text: fixed(shown, decimals), suffix: suffixes[scale] ?? '' };
  };
}

const plain = (suffix: string): Formatter => (value, decimals) => ({ text: fixed(value, decimals), suffix });

const SHORT = ['', ' K', ' Mil', ' Bil', ' Tri'];
const short = scaled(1000, SHORT);

const rate = (suffix: string): Formatter => (value, decimals) => {
  const { text, suffix: scale } = short(value, decimals);
  return { text, suffix: `${scale} ${suffix}` };
};

/** Seconds in the unit that fits. */
const seconds: Formatter = (value, decimals) => {
  const size = Math.abs(value);
  if (size === 0) return { text: '0', suffix: ' s' };
  if (size < 1e-6) return { text: fixed(value * 1e9, decimals), suffix: ' ns' };
  if (size < 1e-3) return { text: fixed(value * 1e6, decimals), suffix: ' µs' };
  if (size < 1) return { text: fixed(value * 1e3, decimals), suffix: ' ms' };
  if (size < 60) return { text: fixed(value, decimals), suffix: ' s' };
  if (size < 3600) return { text: fixed(value / 60, decimals), suffix: ' mins' };
  if (size < 86_400) return { text: fixed(value / 3600, decimals), suffix: ' hours' };
  if (size < 7 * 86_400) return { text: fixed(value / 86_400, decimals), suffix: ' days' };
  return { text: fixed(value / (7 * 86_400), decimals), suffix: ' weeks' };
};

/** A span of time in its two or three largest units: `2 days, 4 hours`. */
const longDuration: Formatter = (value) => {
  let left = Math.round(Math.abs(value));
  if (left === 0) return { text: '0 seconds', suffix: '' };
  const parts: string[] = [];
  for (const [name, size] of [['week', 604_800], ['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]] as const) {
    const count = Math.floor(left / size);
    if (count > 0 && parts.length < 2) parts.push(`${count} ${name}${count === 1 ? '' : 's'}`);
    left -= count * size;
  }
  return { text: `${value < 0 ? '-' : ''}${parts.join(', ')}`, suffix: '' };
};

const UNITS: Record<string, Formatter> = {
  none: plain(''),
  short,
  percent: plain('%'),
  percentunit: (value, decimals) => ({ text: fixed(value * 100, decimals), suffix: '%' }),
  bool: (value) => ({ text: value === 0 ? 'False' : 'True', suffix: '' }),
  s: seconds,
  ms: (value, decimals) => seconds(value / 1000, decimals),
  µs: (value, decimals) => seconds(value / 1e6, decimals),
  ns: (value, decimals) => seconds(value / 1e9, decimals),
  dtdurations: longDuration,
  dtdurationms: (value, decimals) => longDuration(value / 1000, decimals),
  bytes: scaled(1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB', ' PiB']),
  decbytes: scaled(1000, [' B', ' kB', ' MB', ' GB', ' TB', ' PB']),
  binBps: scaled(1024, [' B/s', ' KiB/s', ' MiB/s', ' GiB/s']),
  Bps: scaled(1000, [' B/s', ' kB/s', ' MB/s', ' GB/s']),
  reqps: rate('req/s'),
  rps: rate('rd/s'),
  ops: rate('ops/s'),
  cps: rate('c/s'),
  eps: rate('evt/s'),
  wps: rate('wr/s'),
  dateTimeAsIso: (value) => ({ text: new Date(value).toISOString().replace('T', ' ').slice(0, 19), suffix: '' }),
};

export function isKnownUnit(unit: string): boolean {
  return unit in UNITS || unit.startsWith('suffix:') || unit.startsWith('prefix:');
}

/** The text of a number in a unit. An unknown unit is shown as a suffix, as Grafana does. */
export function formatValue(value: number | null, unit: string | undefined, decimals: number | null = null): string {
  if (value === null || Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  if (unit?.startsWith('prefix:')) return unit.slice(7) + fixed(value, decimals);
  const formatter = UNITS[unit ?? 'short'] ?? plain(unit?.startsWith('suffix:') ? unit.slice(7) : ` ${unit}`);
  const { text, suffix } = formatter(value, decimals);
  return text + suffix;
}
