/** One bar a series, in pieces: a piece for each value that it held. */

import { linesOf } from '../charts/align';
import { fieldName, optionsFor, show } from '../model/field';
import { formatTime } from '../model/time';
import type { PanelProps } from './types';

interface Piece { from: number; to: number; text: string; color: string }

export function pieces(times: number[], values: (number | string | null)[], step: number, shown: (value: number | string) => { text: string; color?: string }): Piece[] {
  const list: Piece[] = [];
  values.forEach((value, at) => {
    const time = times[at];
    if (value === null || time === undefined) return;
    const { text, color = 'var(--link)' } = shown(value);
    const last = list[list.length - 1];
    if (last && last.text === text && time - last.to <= step) last.to = time + step;
    else list.push({ from: time, to: time + step, text, color });
  });
  return list;
}

export function StateTimeline({ panel, result, scope }: PanelProps) {
  const lines = linesOf(result.frames);
  if (lines.length === 0) return <div class="empty">{panel.fieldConfig?.defaults.noValue ?? 'No data'}</div>;
  const { from, to } = scope.range;
  const percent = (time: number) => ((Math.min(to, Math.max(from, time)) - from) / (to - from)) * 100;
  return (
    <div class="timeline">
      {lines.map(({ field, frame, times }) => {
        const options = optionsFor(panel.fieldConfig, field, frame);
        const name = options.displayName ?? fieldName(field, frame);
        return (
          <div class="timeline-row" key={name}>
            <span class="name" title={name}>{name}</span>
            <span class="track">
              {pieces(times, field.values, scope.step, (value) => show(value, options)).map((piece) => (
                <span
                  key={piece.from}
                  class="piece"
                  title={`${piece.text}: ${formatTime(piece.from)} to ${formatTime(piece.to)}`}
                  style={{ left: `${percent(piece.from)}%`, width: `${percent(piece.to) - percent(piece.from)}%`, background: piece.color }}
                >
                  {piece.text}
                </span>
              ))}
            </span>
          </div>
        );
      })}
      <div class="timeline-axis muted"><span>{formatTime(from)}</span><span>{formatTime(to)}</span></div>
    </div>
  );
}
