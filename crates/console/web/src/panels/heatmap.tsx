/** Buckets over time: the darker a cell, the more requests fell into it. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { linesOf } from '../charts/align';
import { formatClock } from '../model/time';
import { formatValue } from '../model/units';
import { cssColor } from '../state/theme';
import type { Frame } from '../model/frame';
import type { PanelProps } from './types';

interface Cells {
  times: number[];
  /** Upper bounds, ascending. */
  bounds: number[];
  /** By bound, then by time. */
  counts: number[][];
  most: number;
}

/** Cumulative buckets, one series a bound, become counts of their own. */
export function cellsOf(frames: Frame[]): Cells {
  const lines = linesOf(frames)
    .map((line) => ({ bound: line.field.labels['le'] === '+Inf' ? Infinity : Number(line.field.labels['le']), ...line }))
    .filter((line) => !Number.isNaN(line.bound))
    .sort((a, b) => a.bound - b.bound);
  const times = [...new Set(lines.flatMap((line) => line.times))].sort((a, b) => a - b);
  const at = (line: (typeof lines)[number] | undefined) => {
    const values = new Map(line?.times.map((time, index) => [time, Number(line.field.values[index] ?? 0)]));
    return times.map((time) => values.get(time) ?? 0);
  };
  const cumulative = lines.map(at);
  const counts = cumulative.map((row, index) => row.map((value, column) => Math.max(0, value - (cumulative[index - 1]?.[column] ?? 0))));
  return { times, bounds: lines.map((line) => line.bound), counts, most: Math.max(0, ...counts.flat()) };
}

const LEFT = 56;
const BOTTOM = 20;

export function Heatmap({ panel, result, scope, onZoom }: PanelProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const cells = useMemo(() => cellsOf(result.frames), [result]);
  const [tip, setTip] = useState<{ x: number; y: number; text: string } | null>(null);
  const unit = String((panel.options?.['yAxis'] as { unit?: string } | undefined)?.unit ?? 's');
  const cellUnit = (panel.options?.['cellValues'] as { unit?: string } | undefined)?.unit;
  const { from, to } = scope.range;

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return undefined;
    const draw = () => {
      const { clientWidth: width, clientHeight: height } = element;
      element.width = width * devicePixelRatio;
      element.height = height * devicePixelRatio;
      context.scale(devicePixelRatio, devicePixelRatio);
      const step = (cells.times[1] ?? 0) - (cells.times[0] ?? 0) || scope.step;
      const rows = cells.bounds.length || 1;
      const cellHeight = (height - BOTTOM) / rows;
      const cellWidth = Math.max(1, ((width - LEFT) * step) / (to - from));
      context.fillStyle = cssColor('--heat');
      cells.counts.forEach((row, index) =>
        row.forEach((count, column) => {
          if (count <= 0) return;
          const x = LEFT + (((cells.times[column] ?? 0) - step - from) / (to - from)) * (width - LEFT);
          if (x < LEFT - cellWidth) return;
          context.globalAlpha = 0.12 + 0.88 * Math.sqrt(count / (cells.most || 1));
          context.fillRect(Math.max(LEFT, x), height - BOTTOM - (index + 1) * cellHeight, Math.max(1, cellWidth - 1), cellHeight - 1);
        }),
      );
      context.globalAlpha = 1;
      context.fillStyle = cssColor('--muted');
      context.font = '11px system-ui';
      context.textAlign = 'right';
      cells.bounds.forEach((bound, index) => {
        if (rows > 14 && index % 2 === 1) return;
        context.fillText(bound === Infinity ? '+Inf' : formatValue(bound, unit), LEFT - 6, height - BOTTOM - (index + 0.35) * cellHeight);
      });
      context.textAlign = 'center';
      for (let part = 0; part <= 3; part += 1) {
        const time = from + ((part + 0.5) / 4) * (to - from);
        context.fillText(formatClock(time).slice(0, 8), LEFT + ((part + 0.5) / 4) * (width - LEFT), height - 5);
      }
    };
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    return () => observer.disconnect();
  }, [cells, from, to, document.documentElement.dataset['theme']]);

  const start = useRef<number | null>(null);
  const timeAt = (event: MouseEvent): number => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return from + ((event.clientX - box.left - LEFT) / (box.width - LEFT)) * (to - from);
  };
  const move = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const row = Math.floor(((box.height - BOTTOM - (event.clientY - box.top)) / (box.height - BOTTOM)) * cells.bounds.length);
    const time = timeAt(event);
    const column = cells.times.findIndex((one) => one >= time);
    const count = cells.counts[row]?.[column];
    if (count === undefined) return setTip(null);
    const low = row === 0 ? '0' : formatValue(cells.bounds[row - 1] ?? 0, unit);
    const high = cells.bounds[row] === Infinity ? '+Inf' : formatValue(cells.bounds[row] ?? 0, unit);
    const text = `${formatClock(cells.times[column] ?? 0).slice(0, 8)}  ${low} to ${high}: ${formatValue(count, cellUnit)}`;
    return setTip({ x: event.clientX - box.left, y: event.clientY - box.top, text });
  };
  if (cells.bounds.length === 0) return <div class="empty">No data</div>;
  return (
    <div class="heatmap">
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${cells.bounds.length} buckets over time`}
        onMouseMove={move}
        onMouseLeave={() => setTip(null)}
        onMouseDown={(event) => (start.current = timeAt(event))}
        onMouseUp={(event) => {
          const end = timeAt(event);
          const begin = start.current;
          start.current = null;
          if (begin !== null && Math.abs(end - begin) > (to - from) / 100) onZoom(Math.round(Math.min(begin, end)), Math.round(Math.max(begin, end)));
        }}
      />
      {tip && <div class="tooltip" style={{ left: `${Math.max(0, tip.x - 120)}px`, top: `${tip.y + 14}px` }}>{tip.text}</div>}
    </div>
  );
}
