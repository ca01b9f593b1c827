import { Logs } from '../components/logs';
import { sourceOf } from '../query/run';
import type { PanelProps } from './types';

/** Log lines of a panel. */
export function LogsPanel({ panel, result, scope, datasources, raw, targets }: PanelProps) {
  const target = targets[0];
  if (!target) return <div class="empty">No query</div>;
  const source = sourceOf(target, { scope, datasources }, panel.datasource?.uid);
  return <Logs lines={result.logs ?? []} source={source} datasources={datasources} raw={raw} />;
}
