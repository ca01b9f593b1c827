/** Axis ranges and labels, and which exemplars are drawn. */

import type { Exemplar } from '../model/frame';
import type { Range } from '../model/time';

/** The value axis: the data's range, some room at the top, and never a range of nothing. */
export function valueRange(
  low: number | null,
  high: number | null,
  min: number | undefined,
  max: number | undefined,
): [number, number] {
  const top = max ?? high ?? 1;
  let bottom = min ?? Math.min(low ?? 0, top);
  if (bottom >= top) {
    // One value only: show it against zero.
    if (min === undefined && top > 0) bottom = 0;
    else return [bottom, bottom + 1];
  }
  return [bottom, max === undefined ? top + (top - bottom) * 0.06 : top];
}

const pad = (value: number) => String(value).padStart(2, '0');

/** Local time of day; the date instead where a range is longer than two days. */
export function clockLabel(seconds: number, range: Range): string {
  const date = new Date(seconds * 1000);
  if (range.to - range.from > 2 * 86_400_000) return `${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${pad(date.getHours())}:00`;
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  return range.to - range.from < 600_000 ? `${clock}:${pad(date.getSeconds())}` : clock;
}

/**
 * As Grafana thins exemplars out: in each slice of time the highest, then those that lie at least two standard deviations
 * below the last one taken.
 */
export function sampleExemplars(list: Exemplar[], slice: number): Exemplar[] {
  if (list.length < 2) return list;
  const mean = list.reduce((sum, one) => sum + one.value, 0) / list.length;
  const deviation = Math.sqrt(list.reduce((sum, one) => sum + (one.value - mean) ** 2, 0) / list.length);
  const slices = new Map<number, Exemplar[]>();
  for (const one of list) {
    const key = Math.floor(one.time / slice);
    slices.set(key, [...(slices.get(key) ?? []), one]);
  }
  return [...slices.values()]
    .flatMap((group) => {
      const taken: Exemplar[] = [];
      for (const one of group.sort((a, b) => b.value - a.value)) {
        const last = taken[taken.length - 1];
        if (!last || last.value - one.value > 2 * deviation) taken.push(one);
      }
      return taken;
    })
    .sort((a, b) => a.time - b.time);
}
