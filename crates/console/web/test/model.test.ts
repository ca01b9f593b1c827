import { describe, expect, test } from 'vitest';
import { optionsFor, reduce, show, thresholdFor } from '../src/model/field';
import type { Frame } from '../src/model/frame';
import { interpolate, legend, seriesName, type Scope } from '../src/model/interpolate';
import { transform } from '../src/model/transform';
import { formatValue } from '../src/model/units';

const scope: Scope = {
  variables: { service: ['gateway', 'check.out'], one: 'a"b', all: '.+' },
  range: { from: 1000, to: 901_000 },
  step: 5000,
  rateInterval: 20_000,
};

describe('variables', () => {
  test.each([
    ['rate(x{service=~"$service"}[$__rate_interval])', 'rate(x{service=~"(gateway|check\\\\.out)"}[20s])'],
    ['{a=~"${all}"}', '{a=~".+"}'],
    ['{a="$one"}', '{a="a\\"b"}'],
    ['$__interval ${__range} $__from', '5s 900s 1000'],
    ['${service:csv} ${service:pipe}', 'gateway,check.out gateway|check.out'],
    ['$unknown ${nope}', '$unknown ${nope}'],
    ['[[service:json]]', '["gateway","check.out"]'],
  ])('%s', (text, expected) => expect(interpolate(text, scope)).toBe(expected));

  test('legends take labels, unknown ones are nothing', () => {
    expect(legend('{{service}} {{ route }} {{nope}}', { service: 'gateway', route: '/' })).toBe('gateway / ');
    expect(seriesName({ __name__: 'up' })).toBe('up');
    expect(seriesName({ __name__: 'up', job: 'a' })).toBe('up{job="a"}');
  });
});

describe('units', () => {
  test.each([
    [0.1234, 'percentunit', null, '12.3%'],
    [0.0004, 's', null, '400 µs'],
    [0.25, 's', null, '250 ms'],
    [90, 's', null, '1.5 mins'],
    [2048, 'bytes', null, '2 KiB'],
    [12_345, 'short', null, '12.3 K'],
    [49.96, 'reqps', 1, '50.0 req/s'],
    [180_000, 'dtdurations', null, '2 days, 2 hours'],
    [Infinity, 's', null, '+Inf'],
    [3, 'suffix: x', 0, '3 x'],
  ])('%d in %s', (value, unit, decimals, expected) => expect(formatValue(value, unit, decimals)).toBe(expected));
});

const frame: Frame = {
  refId: 'B',
  name: 'gateway p95',
  fields: [
    { name: 'Time', type: 'time', labels: {}, values: [1, 2] },
    { name: 'Value', type: 'number', labels: { service: 'gateway' }, values: [1, null] },
  ],
};

describe('field options', () => {
  test('overrides change the defaults of the columns they match', () => {
    const config = {
      defaults: { unit: 's', custom: { lineWidth: 2 } },
      overrides: [
        { matcher: { id: 'byFrameRefID', options: 'B' }, properties: [{ id: 'unit', value: 'ms' }, { id: 'custom.lineWidth', value: 1 }] },
        { matcher: { id: 'byName', options: 'other' }, properties: [{ id: 'unit', value: 'bytes' }] },
        { matcher: { id: 'byRegexp', options: '/p9./' }, properties: [{ id: 'decimals', value: 0 }] },
      ],
    };
    expect(optionsFor(config, frame.fields[1]!, frame)).toMatchObject({ unit: 'ms', decimals: 0, custom: { lineWidth: 1 } });
    expect(config.defaults.custom.lineWidth).toBe(2);
  });
  test('the highest threshold that is reached counts', () => {
    const thresholds = { mode: 'absolute' as const, steps: [{ color: 'green', value: null }, { color: 'red', value: 0.5 }] };
    expect(thresholdFor(0.49, { thresholds })?.color).toBe('green');
    expect(thresholdFor(0.5, { thresholds })?.color).toBe('red');
    expect(thresholdFor(6, { min: 0, max: 10, thresholds: { mode: 'percentage', steps: [{ color: 'a', value: null }, { color: 'b', value: 50 }] } })?.color).toBe('b');
  });
  test('mappings beat units', () => {
    const mappings = [{ type: 'value' as const, options: { '0': { text: 'off' } } }];
    expect(show(0, { unit: 's', mappings }).text).toBe('off');
    expect(show(1, { unit: 's', mappings }).text).toBe('1 s');
    expect(show(null, { noValue: 'none' }).text).toBe('none');
  });
  test.each([
    ['lastNotNull', 1],
    ['last', null],
    ['max', 1],
    ['count', 2],
    ['mean', 1],
  ])('reduces by %s', (calc, expected) => expect(reduce(frame.fields[1]!.values, calc)).toBe(expected));
});

describe('transformations', () => {
  const table: Frame = {
    refId: 'A',
    fields: [
      { name: 'Time', type: 'time', labels: {}, values: [1, 1] },
      { name: 'route', type: 'string', labels: {}, values: ['/b', '/a'] },
      { name: 'Value', type: 'number', labels: {}, values: [1, 2] },
    ],
  };
  test('organize hides, orders and renames', () => {
    const [result] = transform([table], [
      { id: 'organize', options: { excludeByName: { Time: true }, indexByName: { Value: 0, route: 1 }, renameByName: { Value: 'Rate' } } },
    ]);
    expect(result?.fields.map((field) => field.name)).toEqual(['Rate', 'route']);
  });
  test('sortBy sorts all columns alike', () => {
    const [result] = transform([table], [{ id: 'sortBy', options: { sort: [{ field: 'Value', desc: true }] } }]);
    expect(result?.fields[1]?.values).toEqual(['/a', '/b']);
  });
  test('merge joins rows with the same shared columns', () => {
    const other: Frame = {
      refId: 'B',
      fields: [
        { name: 'Time', type: 'time', labels: {}, values: [1] },
        { name: 'route', type: 'string', labels: {}, values: ['/a'] },
        { name: 'Value #B', type: 'number', labels: {}, values: [9] },
      ],
    };
    const [result] = transform([table, other], [{ id: 'merge' }]);
    expect(result?.fields.map((field) => field.values)).toEqual([[1, 1], ['/b', '/a'], [1, 2], [null, 9]]);
  });
});
