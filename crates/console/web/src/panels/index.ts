/** The one table of panel types. */

import { AlertList } from './alertlist';
import { BarGauge, Gauge } from './gauge';
import { Heatmap } from './heatmap';
import { LogsPanel } from './logs';
import { NodeGraph } from './nodegraph';
import { Stat } from './stat';
import { StateTimeline } from './statetimeline';
import { Table } from './table';
import { Text } from './text';
import { TimeSeries } from './timeseries';
import { Traces } from './traces';
import type { PanelComponent } from './types';

export const PANELS: Record<string, PanelComponent> = {
  alertlist: AlertList,
  bargauge: BarGauge,
  gauge: Gauge,
  heatmap: Heatmap,
  logs: LogsPanel,
  nodeGraph: NodeGraph,
  stat: Stat,
  'state-timeline': StateTimeline,
  table: Table,
  text: Text,
  timeseries: TimeSeries,
  traces: Traces,
};

/** Panels that ask nothing themselves. */
export const WITHOUT_QUERY = new Set(['text', 'row', 'alertlist']);
