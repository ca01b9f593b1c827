/** The transformations of panels, one function each. */

import type { Transformation } from './dashboard';
import type { Field, Frame } from './frame';
import { fieldName, reduce } from './field';

type Apply = (frames: Frame[], options: Record<string, unknown>) => Frame[];

const organize: Apply = (frames, options) => {
  const exclude = (options['excludeByName'] ?? {}) as Record<string, boolean>;
  const order = (options['indexByName'] ?? {}) as Record<string, number>;
  const rename = (options['renameByName'] ?? {}) as Record<string, string>;
  return frames.map((frame) => {
    const fields = frame.fields.filter((field) => !exclude[field.name] && !exclude[fieldName(field, frame)]);
    const place = (field: Field) => order[field.name] ?? order[fieldName(field, frame)] ?? Number.MAX_SAFE_INTEGER;
    fields.sort((a, b) => place(a) - place(b));
    return {
      ...frame,
      fields: fields.map((field) => {
        const name = rename[field.name] ?? rename[fieldName(field, frame)];
        return name ? { ...field, name, displayName: name } : field;
      }),
    };
  });
};

/** All rows of all frames in one table; a column that a frame lacks is empty there. */
const merge: Apply = (frames) => {
  if (frames.length <= 1) return frames;
  const names: string[] = [];
  for (const frame of frames) for (const field of frame.fields) if (!names.includes(field.name)) names.push(field.name);
  // Rows with the same values in the columns that are in several frames are one row.
  const shared = names.filter((name) => frames.every((frame) => frame.fields.some((field) => field.name === name)));
  const rows = new Map<string, Record<string, number | string | null>>();
  for (const frame of frames) {
    const length = frame.fields[0]?.values.length ?? 0;
    for (let at = 0; at < length; at += 1) {
      const row: Record<string, number | string | null> = {};
      for (const field of frame.fields) row[field.name] = field.values[at] ?? null;
      const key = JSON.stringify(shared.map((name) => row[name]));
      rows.set(key, { ...rows.get(key), ...row });
    }
  }
  const list = [...rows.values()];
  const fields = names.map((name): Field => {
    const first = frames.flatMap((frame) => frame.fields).find((field) => field.name === name);
    return { ...(first as Field), name, values: list.map((row) => row[name] ?? null) };
  });
  return [{ refId: frames[0]?.refId ?? 'A', fields }];
};

/** One row a series: its name and its last value. */
const seriesToRows: Apply = (frames, options) => {
  const calcs = (options['reducers'] as string[] | undefined) ?? ['lastNotNull'];
  const names: string[] = [];
  const columns = calcs.map(() => [] as (number | string | null)[]);
  for (const frame of frames) {
    for (const field of frame.fields) {
      if (field.type !== 'number') continue;
      names.push(fieldName(field, frame));
      calcs.forEach((calc, at) => columns[at]?.push(reduce(field.values, calc)));
    }
  }
  const fields: Field[] = [{ name: 'Field', type: 'string', labels: {}, values: names }];
  calcs.forEach((calc, at) => fields.push({ name: calc, type: 'number', labels: {}, values: columns[at] ?? [] }));
  return [{ refId: frames[0]?.refId ?? 'A', fields }];
};

const sortBy: Apply = (frames, options) => {
  const [sort] = (options['sort'] as { field: string; desc?: boolean }[] | undefined) ?? [];
  if (!sort) return frames;
  return frames.map((frame) => {
    const by = frame.fields.find((field) => field.name === sort.field || fieldName(field, frame) === sort.field);
    if (!by) return frame;
    const order = by.values.map((_, at) => at).sort((a, b) => compare(by.values[a] ?? null, by.values[b] ?? null));
    if (sort.desc) order.reverse();
    return {
      ...frame,
      fields: frame.fields.map((field) => ({ ...field, values: order.map((at) => field.values[at] ?? null) })),
    };
  });
};

const limit: Apply = (frames, options) => {
  const count = Number(options['limitField'] ?? 10);
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => ({ ...field, values: field.values.slice(0, count) })),
  }));
};

const filterByRefId: Apply = (frames, options) => {
  const include = new RegExp(`^(${String(options['include'] ?? '.*')})$`);
  return frames.filter((frame) => include.test(frame.refId));
};

const TRANSFORMATIONS: Record<string, Apply> = {
  organize,
  merge,
  reduce: seriesToRows,
  sortBy,
  limit,
  filterByRefId,
};

export const isKnownTransformation = (id: string): boolean => id in TRANSFORMATIONS;

/** Runs them in order; one that is not known is left out (the panel says so). */
export function transform(frames: Frame[], list: Transformation[] | undefined): Frame[] {
  return (list ?? [])
    .filter((one) => !one.disabled)
    .reduce((current, one) => TRANSFORMATIONS[one.id]?.(current, one.options ?? {}) ?? current, frames);
}

/** Numbers by size, texts by the alphabet, nothing last. */
export function compare(a: number | string | null, b: number | string | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}
