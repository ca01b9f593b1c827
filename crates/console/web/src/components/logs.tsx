/** Log lines: level as colour and word, fields and links behind a click. Whatever a line contains is shown as text. */

import { useState } from 'preact/hooks';
import type { Datasource } from '../model/dashboard';
import type { LogLine } from '../model/frame';
import { formatClock, type RawRange } from '../model/time';
import { derivedLinks } from '../state/links';

/** Lines that are in the page at a time; more are loaded by a button. */
const PAGE = 200;

export function levelOf(line: LogLine): string {
  const level = line.labels['level'] ?? line.fields['level'] ?? line.fields['detected_level'] ?? line.labels['detected_level'] ?? '';
  const name = level.toLowerCase();
  if (name.startsWith('err') || name === 'fatal' || name === 'critical') return 'error';
  if (name.startsWith('warn')) return 'warn';
  if (name.startsWith('info')) return 'info';
  if (name.startsWith('debug')) return 'debug';
  if (name.startsWith('trace')) return 'trace';
  return 'unknown';
}

export const lineMillis = (line: LogLine): number => Number(line.time.slice(0, -6));

interface Props {
  lines: LogLine[];
  source: Datasource;
  datasources: Datasource[];
  raw: RawRange;
}

export function Logs({ lines, source, datasources, raw }: Props) {
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const [shown, setShown] = useState(PAGE);
  if (lines.length === 0) return <div class="empty">No logs</div>;
  const toggle = (at: number) => {
    const next = new Set(open);
    if (!next.delete(at)) next.add(at);
    setOpen(next);
  };
  return (
    <div class="logs" role="log" aria-live="off">
      {lines.slice(0, shown).map((line, at) => {
        const level = levelOf(line);
        const all = { ...line.labels, ...line.fields };
        return (
          <div class={`log ${level}`} key={`${line.time}${at}`}>
            <button class="log-line" aria-expanded={open.has(at)} onClick={() => toggle(at)}>
              <span class="log-time">{formatClock(lineMillis(line))}</span>
              <span class="log-level">{level}</span>
              <span class="log-text">{line.line}</span>
            </button>
            {open.has(at) && (
              <div class="log-details">
                <div class="links">
                  {derivedLinks(source, line.line, all, datasources, raw).map((link) => (
                    <a class="button" key={link.url} href={link.url}>{link.title}</a>
                  ))}
                </div>
                <table>
                  <tbody>
                    {Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => (
                      <tr key={key}><th scope="row">{key}</th><td>{value}</td></tr>
                    ))}
                  </tbody>
                </table>
                <pre>{pretty(line.line)}</pre>
              </div>
            )}
          </div>
        );
      })}
      {lines.length > shown && <button class="button" onClick={() => setShown(shown + PAGE)}>Show {Math.min(PAGE, lines.length - shown)} more of {lines.length}</button>}
    </div>
  );
}

function pretty(line: string): string {
  try {
    return JSON.stringify(JSON.parse(line), null, 2);
  } catch {
    return line;
  }
}
