import { TraceList } from '../components/traces';
import { Waterfall } from '../components/waterfall';
import { sourceOf } from '../query/run';
import type { PanelProps } from './types';

/** A trace as a waterfall, or the traces that a search found. */
export function Traces({ panel, result, scope, datasources, raw, targets }: PanelProps) {
  const target = targets[0];
  if (!target) return <div class="empty">No query</div>;
  const tempo = sourceOf(target, { scope, datasources }, panel.datasource?.uid);
  if (result.spans) return <Waterfall spans={result.spans} tempo={tempo} datasources={datasources} />;
  return <TraceList traces={result.traces ?? []} tempo={tempo} raw={raw} />;
}
