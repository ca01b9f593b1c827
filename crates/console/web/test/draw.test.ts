import { describe, expect, test } from 'vitest';
import { hexId, rows } from '../src/api/tempo';
import { align, bridge, linesOf, stack } from '../src/charts/align';
import { sampleExemplars, valueRange } from '../src/charts/scale';
import { arrange as arrangeSpans } from '../src/components/waterfall';
import type { Frame, SpanRow } from '../src/model/frame';
import { cellsOf } from '../src/panels/heatmap';
import { place } from '../src/panels/nodegraph';
import { pieces } from '../src/panels/statetimeline';
import { effective, initial, ALL } from '../src/query/variables';

const series = (le: string, times: number[], values: (number | null)[]): Frame => ({
  refId: 'A',
  fields: [
    { name: 'Time', type: 'time', labels: {}, values: times },
    { name: 'Value', type: 'number', labels: { le }, values },
  ],
});

test('series with different times share one axis', () => {
  const aligned = align(linesOf([series('a', [1000, 2000], [1, 2]), series('b', [2000, 3000], [3, null])]));
  expect(aligned.times).toEqual([1, 2, 3]);
  expect(aligned.columns).toEqual([[1, 2, undefined], [undefined, 3, null]]);
  expect(stack([[1, 2], [3, null]])).toEqual([[1, 2], [4, null]]);
});

test('cumulative buckets become counts of their own', () => {
  const cells = cellsOf([series('+Inf', [1], [10]), series('0.1', [1], [4]), series('0.5', [1], [9])]);
  expect(cells.bounds).toEqual([0.1, 0.5, Infinity]);
  expect(cells.counts).toEqual([[4], [5], [1]]);
  expect(cells.most).toBe(5);
});

test('short gaps are bridged, long ones stay', () => {
  const column = [1, null, 2, undefined, null, 3];
  expect(bridge([0, 5, 10, 15, 20, 60], column, 15_000)).toEqual([1, undefined, 2, undefined, null, 3]);
  expect(bridge([0, 5, 10, 15, 20, 60], column, 0)).toEqual(column);
});

const span = (id: string, parent: string | null, start: bigint, end: bigint): SpanRow => ({
  traceId: 't', spanId: id, parentId: parent, name: id, service: 's', kind: 'server', start, end, error: false,
  statusMessage: '', attributes: [], resource: [], events: [],
});

describe('waterfall', () => {
  const spans = [span('root', null, 0n, 100n), span('a', 'root', 10n, 40n), span('b', 'root', 50n, 95n), span('lost', 'gone', 20n, 30n)];
  test('children follow their parent, orphans stand at the top, the critical path ends last', () => {
    const list = arrangeSpans(spans, new Set());
    expect(list.map(({ span: one, depth }) => [one.spanId, depth])).toEqual([['root', 0], ['a', 1], ['b', 1], ['lost', 0]]);
    expect(list.filter((row) => row.critical).map((row) => row.span.spanId)).toEqual(['root', 'b']);
  });
  test('a collapsed span hides what is below', () => {
    expect(arrangeSpans(spans, new Set(['root'])).map((row) => row.span.spanId)).toEqual(['root', 'lost']);
  });
  test('spans that are their own ancestors are shown once', () => {
    expect(arrangeSpans([span('x', 'y', 0n, 1n), span('y', 'x', 0n, 1n)], new Set())).toHaveLength(2);
    expect(arrangeSpans([span('x', 'x', 0n, 1n)], new Set())).toHaveLength(1);
  });
});

test('ids come in base64 or in hexadecimal', () => {
  expect(hexId('0JVgH9klcmGXmAVHDGdZ1A==', 16)).toBe('d095601fd9257261979805470c6759d4');
  expect(hexId('D095601FD9257261979805470C6759D4', 16)).toBe('d095601fd9257261979805470c6759d4');
  expect(hexId(undefined, 8)).toBe('');
  const [row] = rows([{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'gateway' } }] }, scopeSpans: [{ spans: [{ name: 'GET /', kind: 'SPAN_KIND_SERVER', status: { code: 'STATUS_CODE_ERROR' }, attributes: [{ key: 'n', value: { intValue: '5' } }] }] }] }]);
  expect(row).toMatchObject({ service: 'gateway', kind: 'server', error: true, parentId: null, attributes: [['n', '5']] });
});

test('the service map goes from callers to called, circles included', () => {
  const node = (id: string) => ({ id, rate: 1, errorRatio: 0, latency: null });
  const edge = (from: string, to: string) => ({ from, to, rate: 1, errorRatio: 0 });
  const placed = place([node('checkout'), node('gateway'), node('catalog')], [edge('gateway', 'catalog'), edge('gateway', 'checkout')]);
  const x = Object.fromEntries(placed.map((one) => [one.id, one.x]));
  expect(x['gateway']).toBeLessThan(x['catalog']!);
  expect(x['catalog']).toBe(x['checkout']);
  expect(place([node('a'), node('b')], [edge('a', 'b'), edge('b', 'a')])).toHaveLength(2);
});

test('equal values that follow one another are one piece', () => {
  const shown = (value: number | string) => ({ text: String(value), color: 'red' });
  expect(pieces([0, 5, 10, 30], [1, 1, 2, 2], 5, shown).map(({ from, to, text }) => [from, to, text])).toEqual([
    [0, 10, '1'],
    [10, 15, '2'],
    [30, 35, '2'],
  ]);
});

test('"All" is the allValue or every value', () => {
  const variable = { name: 'service', type: 'query', multi: true, current: { value: [ALL] } };
  expect(initial(variable, [])).toEqual([ALL]);
  expect(initial(variable, ['a'])).toEqual(['a']);
  expect(effective({ ...variable, allValue: '.+' }, [ALL], ['a', 'b'])).toBe('.+');
  expect(effective(variable, [ALL], ['a', 'b'])).toEqual(['a', 'b']);
  expect(effective(variable, [], ['a', 'b'])).toBe('a');
});

describe('scales', () => {
  test('a single value is shown against zero, limits are kept', () => {
    expect(valueRange(1, 1, undefined, 1)).toEqual([0, 1]);
    expect(valueRange(0, 0, 0, undefined)).toEqual([0, 1]);
    expect(valueRange(10, 20, undefined, undefined)).toEqual([10, 20.6]);
    expect(valueRange(null, null, undefined, undefined)[1]).toBeGreaterThan(0);
  });
  test('of many exemplars the telling ones are drawn', () => {
    const list = Array.from({ length: 100 }, (_, at) => ({ time: 1000 + at, value: at === 50 ? 100 : 1, labels: {} }));
    const drawn = sampleExemplars(list, 10_000);
    expect(drawn.map((one) => one.value).sort()).toEqual([1, 100]);
  });
});
