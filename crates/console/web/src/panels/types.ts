/** What a panel gets and where it may lead. */

import type { ComponentType } from 'preact';
import type { Datasource, Panel, Target } from '../model/dashboard';
import type { Result } from '../model/frame';
import type { Scope } from '../model/interpolate';
import type { RawRange } from '../model/time';

export interface Mark {
  /** Milliseconds since the epoch. */
  time: number;
  title: string;
  text: string;
  color: string;
}

export interface PanelProps {
  panel: Panel;
  result: Result;
  targets: Target[];
  scope: Scope;
  raw: RawRange;
  datasources: Datasource[];
  marks: Mark[];
  /** Narrows the time range (drag over a chart). */
  onZoom: (from: number, to: number) => void;
}

export type PanelComponent = ComponentType<PanelProps>;
