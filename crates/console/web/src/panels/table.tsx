/** Rows and columns, sorted by a click on a header. */

import { useState } from 'preact/hooks';
import { TraceList } from '../components/traces';
import { fieldName, optionsFor, show } from '../model/field';
import { interpolate } from '../model/interpolate';
import type { Field, Frame } from '../model/frame';
import { compare } from '../model/transform';
import { formatTime } from '../model/time';
import { sourceOf } from '../query/run';
import type { PanelProps } from './types';

/** Series become one table: a row for each with its labels and its last value. */
function asTable(frames: Frame[]): Frame | undefined {
  if (frames.length <= 1 || frames.some((frame) => frame.fields.length !== 2)) return frames[0];
  const labels = [...new Set(frames.flatMap((frame) => Object.keys(frame.fields[1]?.labels ?? {})))];
  const last = (field: Field | undefined) => field?.values[field.values.length - 1] ?? null;
  return {
    refId: frames[0]?.refId ?? 'A',
    fields: [
      { name: 'Time', type: 'time', labels: {}, values: frames.map((frame) => last(frame.fields[0])) },
      ...labels.map((name): Field => ({ name, type: 'string', labels: {}, values: frames.map((frame) => frame.fields[1]?.labels[name] ?? '') })),
      { name: 'Value', type: 'number', labels: {}, values: frames.map((frame) => last(frame.fields[1])) },
    ],
  };
}

export function Table(props: PanelProps) {
  const target = props.targets[0];
  if (props.result.traces && target) {
    const tempo = sourceOf(target, props, props.panel.datasource?.uid);
    return <TraceList traces={props.result.traces} tempo={tempo} raw={props.raw} />;
  }
  return <Rows {...props} />;
}

function Rows(props: PanelProps) {
  const frame = asTable(props.result.frames);
  const sorts = (props.panel.options?.['sortBy'] ?? []) as { displayName: string; desc?: boolean }[];
  const [sort, setSort] = useState<{ name: string; desc: boolean } | null>(
    sorts[0] ? { name: sorts[0].displayName, desc: sorts[0].desc ?? false } : null,
  );
  if (!frame || frame.fields.every((field) => field.values.length === 0)) return <div class="empty">No data</div>;
  const columns = frame.fields
    .map((field) => ({ field, options: optionsFor(props.panel.fieldConfig, field, frame) }))
    .filter(({ options }) => options.custom?.['hidden'] !== true)
    .map(({ field, options }) => ({ field, options, name: options.displayName ?? fieldName(field, frame) }));
  const by = columns.find((column) => column.name === sort?.name)?.field;
  const order = Array.from({ length: frame.fields[0]?.values.length ?? 0 }, (_, at) => at);
  if (by) order.sort((a, b) => compare(by.values[a] ?? null, by.values[b] ?? null) * (sort?.desc ? -1 : 1));
  const cell = (field: Field, at: number, options: (typeof columns)[number]['options']) => {
    const value = field.values[at] ?? null;
    const shown = field.type === 'time' && typeof value === 'number' ? { text: formatTime(value) } : show(value, options);
    const cellType = (options.custom?.['cellOptions'] as { type?: string } | undefined)?.type;
    const style =
      cellType === 'color-background' && 'color' in shown
        ? { background: shown.color, color: '#111' }
        : cellType === 'color-text' && 'color' in shown
          ? { color: shown.color }
          : {};
    const link = options.links?.[0];
    const fill = (url: string) =>
      interpolate(
        url
          .replace(/\$\{__value\.(?:raw|text)\}/g, encodeURIComponent(String(value)))
          .replace(/\$\{__data\.fields(?:\.([\w]+)|\["([^"]+)"\]|\[(\d+)\])\}/g, (_, a?: string, b?: string, c?: string) => {
            const found = c ? frame.fields[Number(c)] : frame.fields.find((one) => one.name === (a ?? b));
            return encodeURIComponent(String(found?.values[at] ?? ''));
          }),
        props.scope,
        'raw',
      );
    return (
      <td class={field.type === 'number' ? 'number' : ''} style={style} key={field.name}>
        {link ? <a href={fill(link.url)} title={link.title}>{shown.text}</a> : shown.text}
      </td>
    );
  };
  return (
    <div class="table-scroll">
      <table class="data">
        <thead>
          <tr>
            {columns.map(({ name, field }) => (
              <th key={name} class={field.type === 'number' ? 'number' : ''} aria-sort={sort?.name === name ? (sort.desc ? 'descending' : 'ascending') : 'none'}>
                <button onClick={() => setSort({ name, desc: sort?.name === name ? !sort.desc : field.type === 'number' })}>
                  {name} {sort?.name === name ? (sort.desc ? '↓' : '↑') : ''}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{order.map((at) => <tr key={at}>{columns.map(({ field, options }) => cell(field, at, options))}</tr>)}</tbody>
      </table>
    </div>
  );
}
