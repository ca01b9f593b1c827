/** Series with times of their own on one time axis, for uPlot. */

import type { Field, Frame } from '../model/frame';

export interface Line {
  frame: Frame;
  field: Field;
  times: number[];
}

export interface Aligned {
  /** Seconds since the epoch, as uPlot wants them. */
  times: number[];
  columns: (number | null | undefined)[][];
  lines: Line[];
}

/** Every number column of every frame that has a time column. */
export function linesOf(frames: Frame[]): Line[] {
  return frames.flatMap((frame) => {
    const time = frame.fields.find((field) => field.type === 'time');
    if (!time) return [];
    const times = time.values as number[];
    return frame.fields.filter((field) => field.type === 'number').map((field) => ({ frame, field, times }));
  });
}

/** `undefined` is a moment that the series has no step at, `null` a gap that it says it has. */
export function align(lines: Line[]): Aligned {
  const moments = [...new Set(lines.flatMap((line) => line.times))].sort((a, b) => a - b);
  const place = new Map(moments.map((moment, at) => [moment, at]));
  const columns = lines.map((line) => {
    const column = new Array<number | null | undefined>(moments.length).fill(undefined);
    line.times.forEach((time, at) => {
      const value = line.field.values[at];
      column[place.get(time) ?? 0] = typeof value === 'number' && Number.isFinite(value) ? value : null;
    });
    return column;
  });
  return { times: moments.map((moment) => moment / 1000), columns, lines };
}

/** Adds each column to the ones below it. */
export function stack(columns: (number | null | undefined)[][]): (number | null | undefined)[][] {
  const sums: number[] = [];
  return columns.map((column) =>
    column.map((value, at) => {
      if (value === null || value === undefined) return value;
      return (sums[at] = (sums[at] ?? 0) + value);
    }),
  );
}

/** Takes away the gaps that are not longer than `limit` milliseconds: the line goes on across them. */
export function bridge(times: number[], column: (number | null | undefined)[], limit: number): (number | null | undefined)[] {
  let last: number | null = null;
  const out = [...column];
  let gaps: number[] = [];
  column.forEach((value, at) => {
    const time = (times[at] ?? 0) * 1000;
    if (value === null) gaps.push(at);
    if (typeof value !== 'number') return;
    if (last !== null && time - last <= limit) for (const gap of gaps) out[gap] = undefined;
    last = time;
    gaps = [];
  });
  return out;
}
