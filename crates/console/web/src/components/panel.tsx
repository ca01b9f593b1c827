/** A panel: its frame, its queries and the component of its type. */

import { useState } from 'preact/hooks';
import type { Datasource, Panel as PanelModel } from '../model/dashboard';
import type { Result } from '../model/frame';
import { interpolate, type Scope, type Variables } from '../model/interpolate';
import { isKnownTransformation, transform } from '../model/transform';
import { parseDuration, rateInterval, stepFor, type Range, type RawRange } from '../model/time';
import { PANELS, WITHOUT_QUERY } from '../panels';
import type { Mark } from '../panels/types';
import { run, sourceOf } from '../query/run';
import { explore } from '../state/links';
import { useLoad } from '../state/load';

interface Props {
  panel: PanelModel;
  range: Range;
  raw: RawRange;
  variables: Variables;
  datasources: Datasource[];
  marks: Mark[];
  onZoom: (from: number, to: number) => void;
}

/** Grafana's default when a panel has no width yet. */
const POINTS = 600;

/** The variables and steps that a panel's queries see. */
export function scopeOf(panel: PanelModel, range: Range, variables: Variables, datasources: Datasource[]): Scope {
  const source = datasources.find((one) => one.uid === (panel.targets?.[0]?.datasource?.uid ?? panel.datasource?.uid));
  const scrape = parseDuration(String(source?.jsonData['timeInterval'] ?? '15s')) ?? 15_000;
  const least = source?.type === 'prometheus' ? scrape : 1000;
  const step = stepFor(range, panel.maxDataPoints ?? POINTS, (panel.interval && parseDuration(panel.interval)) || least);
  return { range, variables, step, rateInterval: rateInterval(step, scrape) };
}

export function Panel(props: Props) {
  const { panel, range, raw, variables, datasources, marks, onZoom } = props;
  const [info, setInfo] = useState(false);
  const Component = PANELS[panel.type];
  const scope = scopeOf(panel, range, variables, datasources);
  const targets = (panel.targets ?? []).filter((target) => !target.hide);
  const { data, error, loading } = useLoad(async (signal): Promise<Result> => {
    if (!Component || WITHOUT_QUERY.has(panel.type)) return { frames: [] };
    const context = { scope, datasources, signal };
    const results = await Promise.all(targets.map((target) => run(target, context, panel.datasource?.uid)));
    const merged: Result = { frames: transform(results.flatMap((one) => one.frames), panel.transformations) };
    for (const one of results) {
      if (one.logs) merged.logs = [...(merged.logs ?? []), ...one.logs];
      if (one.traces) merged.traces = [...(merged.traces ?? []), ...one.traces];
      if (one.spans) merged.spans = one.spans;
      if (one.graph) merged.graph = one.graph;
    }
    return merged;
  }, [panel, range.from, range.to, JSON.stringify(variables)]);

  const title = interpolate(panel.title ?? '', scope, 'text');
  const unknown = (panel.transformations ?? []).filter((one) => !isKnownTransformation(one.id)).map((one) => one.id);
  const first = targets[0];
  let exploreLink: string | null = null;
  if (first) {
    try {
      const source = sourceOf(first, { scope, datasources }, panel.datasource?.uid);
      const filled = { ...first, ...(first.expr ? { expr: interpolate(first.expr, scope) } : {}) };
      exploreLink = explore(source, filled, raw);
    } catch {
      // The panel's own error says what is wrong with the data source.
    }
  }
  return (
    <section class="panel" aria-label={title} data-panel={panel.type} data-state={error ? 'error' : data ? 'ready' : 'loading'}>
      <header>
        <h2>{title}</h2>
        {loading && <span class="spinner" role="progressbar" aria-label="loading" />}
        {panel.description && (
          <button class="icon" aria-expanded={info} aria-label={`About ${title}`} title={panel.description} onClick={() => setInfo(!info)}>i</button>
        )}
        {exploreLink && <a class="icon" href={exploreLink} title="Explore" aria-label={`Explore ${title}`}>↗</a>}
      </header>
      {info && <p class="description">{panel.description}</p>}
      <div class="body">
        {unknown.length > 0 && <p class="note">Transformation {unknown.join(', ')} is not supported here and was left out.</p>}
        {!Component && <div class="empty">Panels of type “{panel.type}” are not supported here. They are drawn by Grafana.</div>}
        {error && <div class="empty bad" role="alert">{error}</div>}
        {Component && data && !error && (
          <Component panel={panel} result={data} targets={targets} scope={scope} raw={raw} datasources={datasources} marks={marks} onZoom={onZoom} />
        )}
      </div>
    </section>
  );
}
