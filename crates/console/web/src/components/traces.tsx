/** A list of traces, each a link to its waterfall. */

import type { Datasource } from '../model/dashboard';
import type { TraceSummary } from '../model/frame';
import { formatTime, type RawRange } from '../model/time';
import { formatValue } from '../model/units';
import { traceUrl } from '../state/links';

export function TraceList({ traces, tempo, raw }: { traces: TraceSummary[]; tempo: Datasource; raw: RawRange }) {
  if (traces.length === 0) return <div class="empty">No traces</div>;
  const list = [...traces].sort((a, b) => b.start - a.start);
  return (
    <div class="table-scroll">
      <table class="data">
        <thead><tr><th>Trace</th><th>Start</th><th>Service</th><th>Name</th><th class="number">Duration</th></tr></thead>
        <tbody>
          {list.map((trace) => (
            <tr key={trace.traceId}>
              <td><a href={traceUrl(tempo, trace.traceId, raw)}><code>{trace.traceId}</code></a></td>
              <td>{formatTime(trace.start)}</td>
              <td>{trace.service}</td>
              <td>{trace.name}</td>
              <td class="number">{trace.durationMs === 0 ? '<1 ms' : formatValue(trace.durationMs, 'ms')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
