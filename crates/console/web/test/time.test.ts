import { describe, expect, test } from 'vitest';
import { describeRange, formatDuration, parseDuration, parseInstant, rateInterval, resolveRange, stepFor } from '../src/model/time';

const NOW = Date.parse('2026-11-20T12:34:56Z');

describe('durations', () => {
  test.each([
    ['30s', 30_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['', null],
    ['5', null],
    ['5x', null],
  ])('reads %s', (text, expected) => expect(parseDuration(text)).toBe(expected));

  test.each([
    [5000, '5s'],
    [90_000, '1m30s'],
    [86_400_000, '1d'],
    [250, '250ms'],
    [0, '0s'],
  ])('writes %d', (ms, expected) => expect(formatDuration(ms)).toBe(expected));
});

describe('instants', () => {
  test('relative ones count from now', () => {
    expect(parseInstant('now', NOW, false)).toBe(NOW);
    expect(parseInstant('now-15m', NOW, false)).toBe(NOW - 900_000);
    expect(parseInstant('now-1h+5m', NOW, false)).toBe(NOW - 3_300_000);
  });
  test('milliseconds and dates are taken as they are', () => {
    expect(parseInstant('1700000000000', NOW, false)).toBe(1_700_000_000_000);
    expect(parseInstant('2026-01-01T00:00:00Z', NOW, false)).toBe(Date.parse('2026-01-01T00:00:00Z'));
  });
  test('nonsense is none', () => {
    expect(parseInstant('yesterday', NOW, false)).toBeNull();
    expect(parseInstant('now-', NOW, false)).toBeNull();
  });
  test('a range that is none becomes the last 15 minutes', () => {
    expect(resolveRange({ from: 'now', to: 'now-1h' }, NOW)).toEqual({ from: NOW - 900_000, to: NOW });
  });
});

test('steps are rounded as in Grafana and not below the least', () => {
  expect(stepFor({ from: 0, to: 900_000 }, 600, 1)).toBe(2000);
  expect(stepFor({ from: 0, to: 900_000 }, 600, 5000)).toBe(5000);
  expect(stepFor({ from: 0, to: 86_400_000 }, 600, 5000)).toBe(120_000);
});

test('the rate interval is four scrapes or a step and a scrape', () => {
  expect(rateInterval(5000, 5000)).toBe(20_000);
  expect(rateInterval(60_000, 5000)).toBe(65_000);
});

test('ranges are described in words', () => {
  expect(describeRange({ from: 'now-15m', to: 'now' })).toBe('Last 15 minutes');
  expect(describeRange({ from: 'now-1h', to: 'now' })).toBe('Last 1 hour');
});
