/** Grafana's classic dashboard JSON, as far as it is drawn here. */

export interface DatasourceRef {
  type?: string;
  uid?: string;
}

export interface Target {
  refId: string;
  datasource?: DatasourceRef;
  expr?: string;
  query?: string;
  queryType?: string;
  legendFormat?: string;
  instant?: boolean;
  range?: boolean;
  exemplar?: boolean;
  format?: 'time_series' | 'table' | 'heatmap';
  hide?: boolean;
  interval?: string;
  maxLines?: number;
  limit?: number;
  tableType?: string;
}

export interface ThresholdStep {
  color: string;
  value: number | null;
}

export interface Mapping {
  type: 'value' | 'range' | 'regex' | 'special';
  options: Record<string, unknown>;
}

export interface FieldOptions {
  unit?: string;
  decimals?: number | null;
  min?: number;
  max?: number;
  noValue?: string;
  displayName?: string;
  color?: { mode: string; fixedColor?: string };
  thresholds?: { mode: 'absolute' | 'percentage'; steps: ThresholdStep[] };
  mappings?: Mapping[];
  links?: { title: string; url: string; targetBlank?: boolean }[];
  custom?: Record<string, unknown>;
}

export interface Override {
  matcher: { id: string; options: unknown };
  properties: { id: string; value: unknown }[];
}

export interface Transformation {
  id: string;
  options?: Record<string, unknown>;
  disabled?: boolean;
}

export interface Panel {
  id: number;
  type: string;
  title?: string;
  description?: string;
  gridPos: { h: number; w: number; x: number; y: number };
  datasource?: DatasourceRef;
  targets?: Target[];
  options?: Record<string, unknown>;
  fieldConfig?: { defaults: FieldOptions; overrides: Override[] };
  transformations?: Transformation[];
  interval?: string | null;
  maxDataPoints?: number | null;
  collapsed?: boolean;
  panels?: Panel[];
}

export interface Variable {
  name: string;
  label?: string;
  type: string;
  hide?: number;
  query?: string | { query?: string };
  definition?: string;
  regex?: string;
  sort?: number;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string;
  datasource?: DatasourceRef;
  current?: { text?: string | string[]; value?: string | string[] };
  options?: { text: string; value: string; selected?: boolean }[];
}

export interface Annotation {
  name: string;
  enable: boolean;
  hide?: boolean;
  builtIn?: number;
  iconColor?: string;
  datasource?: DatasourceRef;
  expr?: string;
  target?: Target;
  titleFormat?: string;
  textFormat?: string;
  tagKeys?: string;
}

export interface DashboardLink {
  title: string;
  type: string;
  url?: string;
  keepTime?: boolean;
  includeVars?: boolean;
  targetBlank?: boolean;
  tooltip?: string;
}

export interface Dashboard {
  uid: string;
  title: string;
  description?: string;
  tags?: string[];
  panels: Panel[];
  templating?: { list: Variable[] };
  annotations?: { list: Annotation[] };
  links?: DashboardLink[];
  time?: { from: string; to: string };
  refresh?: string;
  graphTooltip?: number;
}

export interface Datasource {
  uid: string;
  name: string;
  type: string;
  isDefault: boolean;
  url: string;
  jsonData: Record<string, unknown>;
}
