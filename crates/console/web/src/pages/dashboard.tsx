/** A dashboard: variables, time range, panels on a grid of 24 columns. */

import { useMemo, useState } from 'preact/hooks';
import { dashboard as load } from '../api/lab';
import { Panel } from '../components/panel';
import { TimePicker } from '../components/timepicker';
import { VariableBar } from '../components/variables';
import type { Dashboard, DashboardLink, Datasource, Panel as PanelModel } from '../model/dashboard';
import type { Scope } from '../model/interpolate';
import { parseDuration, rateInterval, resolveRange, stepFor, type RawRange } from '../model/time';
import { annotations } from '../query/annotations';
import { initial, loadVariables } from '../query/variables';
import { useLoad, useTick } from '../state/load';
import { setParams, useLocation } from '../state/router';

/** Height of a grid unit and the gap between panels, in pixels: Grafana's. */
const UNIT = 30;
const GAP = 8;

export function DashboardPage({ uid, datasources }: { uid: string; datasources: Datasource[] }) {
  const { data, error } = useLoad(() => load(uid), [uid]);
  if (error) return <main class="page"><div class="empty bad" role="alert">{error}</div></main>;
  if (!data) return <main class="page"><div class="empty">Loading…</div></main>;
  return <View key={uid} dashboard={data.dashboard} folder={data.meta.folderTitle} datasources={datasources} />;
}

function View({ dashboard, folder, datasources }: { dashboard: Dashboard; folder: string; datasources: Datasource[] }) {
  const { search } = useLocation();
  const [manual, setManual] = useState(0);
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(
    () => new Set(dashboard.panels.filter((panel) => panel.type === 'row' && panel.collapsed).map((panel) => panel.id)),
  );
  const raw: RawRange = {
    from: search.get('from') ?? dashboard.time?.from ?? 'now-15m',
    to: search.get('to') ?? dashboard.time?.to ?? 'now',
  };
  const refresh = search.get('refresh') ?? dashboard.refresh ?? '';
  const tick = useTick(raw.to.startsWith('now') ? (parseDuration(refresh) ?? 0) : 0);
  const range = useMemo(() => resolveRange(raw, Date.now()), [raw.from, raw.to, tick, manual]);
  const step = stepFor(range, 600, 5000);
  const base: Scope = { range, step, rateInterval: rateInterval(step, 5000), variables: {} };
  const chosen = [...search.entries()].filter(([key]) => key.startsWith('var-'));
  const list = dashboard.templating?.list ?? [];
  const { data: variables, error: variableError } = useLoad(
    () => loadVariables(list, (one) => initial(one, search.getAll(`var-${one.name}`)), datasources, base),
    // Values change slowly: not with every refresh.
    [JSON.stringify(chosen), Math.floor(range.to / 30_000), raw.from],
  );
  const { data: marks } = useLoad(
    (signal) =>
      variables
        ? annotations(dashboard.annotations?.list ?? [], { scope: { ...base, variables: variables.variables }, datasources, signal })
        : Promise.resolve([]),
    [variables, range.from, range.to],
  );
  const zoom = (from: number, to: number) => setParams({ from: String(from), to: String(to) });
  const kiosk = search.has('kiosk');
  const { panels, height } = useMemo(() => arrange(dashboard.panels, collapsed), [dashboard, collapsed]);
  const only = search.get('viewPanel');
  const visible = only ? panels.filter(({ panel }) => String(panel.id) === only.replace('panel-', '')) : panels;
  const flip = (id: number) => {
    const next = new Set(collapsed);
    if (!next.delete(id)) next.add(id);
    setCollapsed(next);
  };
  return (
    <main class={kiosk ? 'page kiosk' : 'page'}>
      <div class="toolbar">
        <h1><span class="muted">{folder} /</span> {dashboard.title}</h1>
        <nav class="dashboard-links" aria-label="Links of this dashboard">
          {(dashboard.links ?? []).filter((link) => link.url).map((link) => <a key={link.title} href={linkUrl(link, raw, chosen)} title={link.tooltip}>{link.title}</a>)}
        </nav>
        <TimePicker raw={raw} range={range} refresh={refresh} onRefresh={() => setManual(manual + 1)} />
      </div>
      {variables && <VariableBar loaded={variables.loaded} />}
      {variableError && <p class="bad" role="alert">{variableError}</p>}
      {variables && (
        <div class="grid" style={only ? {} : { height: `${height * (UNIT + GAP)}px` }}>
          {visible.map(({ panel, y }) => {
            const { x, w, h } = panel.gridPos;
            const style = only
              ? { position: 'static' as const, height: '75vh' }
              : { left: `calc(${(x / 24) * 100}% + ${x > 0 ? GAP / 2 : 0}px)`, top: `${y * (UNIT + GAP)}px`, width: `calc(${(w / 24) * 100}% - ${GAP / 2}px)`, height: `${h * (UNIT + GAP) - GAP}px` };
            return (
              <div class="cell" key={panel.id} style={style}>
                {panel.type === 'row' ? (
                  <button class="row-title" aria-expanded={!collapsed.has(panel.id)} onClick={() => flip(panel.id)}>
                    {collapsed.has(panel.id) ? '▸' : '▾'} {panel.title}
                  </button>
                ) : (
                  <Panel panel={panel} range={range} raw={raw} variables={variables.variables} datasources={datasources} marks={marks ?? []} onZoom={zoom} />
                )}
              </div>
            );
          })}
        </div>
      )}
    </main>
  );
}

/** Places panels; those of a collapsed row are left out and what is below moves up. */
export function arrange(list: PanelModel[], collapsed: ReadonlySet<number>): { panels: { panel: PanelModel; y: number }[]; height: number } {
  // A collapsed row in the file holds its panels itself.
  const flat = list.flatMap((panel) => [panel, ...(panel.type === 'row' ? (panel.panels ?? []) : [])]);
  const sorted = [...flat].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  const panels: { panel: PanelModel; y: number }[] = [];
  let hidden = false;
  let saved = 0;
  let gapFrom = 0;
  let height = 0;
  for (const panel of sorted) {
    if (panel.type === 'row') {
      if (hidden) saved += panel.gridPos.y - gapFrom;
      hidden = collapsed.has(panel.id);
      gapFrom = panel.gridPos.y + 1;
    } else if (hidden) continue;
    const y = panel.gridPos.y - saved;
    panels.push({ panel, y });
    height = Math.max(height, y + panel.gridPos.h);
  }
  return { panels, height };
}

function linkUrl(link: DashboardLink, raw: RawRange, variables: [string, string][]): string {
  const url = new URL(link.url ?? '/', window.location.origin);
  if (link.keepTime) {
    url.searchParams.set('from', raw.from);
    url.searchParams.set('to', raw.to);
  }
  if (link.includeVars) for (const [key, value] of variables) url.searchParams.append(key, value);
  return url.origin === window.location.origin ? url.pathname + url.search : url.toString();
}
