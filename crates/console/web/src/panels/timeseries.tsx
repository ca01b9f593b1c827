/** Lines over time, with thresholds, exemplars, annotations and a legend with values. */

import { useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { Chart } from '../charts/chart';
import { align, bridge, linesOf, stack } from '../charts/align';
import { clockLabel, sampleExemplars, valueRange } from '../charts/scale';
import { CALC_NAMES, color, fieldName, optionsFor, paletteColor, reduce } from '../model/field';
import { formatValue } from '../model/units';
import { formatTime } from '../model/time';
import { cssColor } from '../state/theme';
import { exemplarLinks, type NamedLink } from '../state/links';
import { sourceOf } from '../query/run';
import type { Exemplar } from '../model/frame';
import type { PanelProps } from './types';

interface Shown {
  name: string;
  stroke: string;
  unit: string | undefined;
  decimals: number | null;
  values: (number | null | undefined)[];
}

interface Popup {
  left: number;
  top: number;
  exemplar: Exemplar;
  links: NamedLink[];
}

function dash(custom: Record<string, unknown> | undefined): number[] | undefined {
  const style = custom?.['lineStyle'] as { fill?: string; dash?: number[] } | undefined;
  return style?.fill === 'dash' || style?.fill === 'dot' ? (style.dash ?? [4, 4]) : undefined;
}

export function TimeSeries(props: PanelProps) {
  const { panel, result, raw, scope, datasources, marks, targets, onZoom } = props;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [popup, setPopup] = useState<Popup | null>(null);
  const [tip, setTip] = useState<{ left: number; index: number } | null>(null);
  const positions = useRef<{ x: number; y: number; exemplar: Exemplar }[]>([]);

  const aligned = useMemo(() => {
    const joined = align(linesOf(result.frames));
    joined.lines.forEach(({ field, frame }, at) => {
      const span = optionsFor(panel.fieldConfig, field, frame).custom?.['spanNulls'];
      joined.columns[at] = bridge(joined.times, joined.columns[at] ?? [], span === true ? Infinity : Number(span ?? 0) || 0);
    });
    return joined;
  }, [result]);
  const exemplars = useMemo(
    () => sampleExemplars(result.frames.flatMap((frame) => frame.exemplars ?? []), scope.step * 2),
    [result],
  );
  const options = aligned.lines.map(({ field, frame }) => optionsFor(panel.fieldConfig, field, frame));
  const shown: Shown[] = aligned.lines.map(({ field, frame }, at) => ({
    name: options[at]?.displayName ?? fieldName(field, frame),
    stroke:
      options[at]?.color?.mode === 'fixed' ? color(options[at]?.color?.fixedColor ?? 'text') : paletteColor(at),
    unit: options[at]?.unit,
    decimals: options[at]?.decimals ?? null,
    values: aligned.columns[at] ?? [],
  }));
  const defaults = panel.fieldConfig?.defaults;
  const stacking = (defaults?.custom?.['stacking'] as { mode?: string } | undefined)?.mode ?? 'none';
  const visible = shown.map((series) => !hidden.has(series.name));
  const stacked = stacking === 'none' ? aligned.columns : stack(aligned.columns.map((column, at) => (visible[at] ? column : [])));
  const data = useMemo(() => [aligned.times, ...stacked] as uPlot.AlignedData, [aligned, hidden]);

  const drawn = useRef({ exemplars, marks, scope });
  drawn.current = { exemplars, marks, scope };
  const shape = JSON.stringify([shown.map(({ name, stroke }) => [name, stroke]), [...hidden], document.documentElement.dataset['theme']]);

  const build = (width: number, height: number): uPlot.Options => ({
    width,
    height,
    legend: { show: false },
    cursor: {
      sync: { key: 'dashboard' },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
    },
    scales: {
      x: { range: () => [drawn.current.scope.range.from / 1000, drawn.current.scope.range.to / 1000] },
      y: {
        range: (_, low, high) => {
          return valueRange(low, high, defaults?.min, defaults?.max);
        },
      },
    },
    axes: [
      { stroke: cssColor('--muted'), grid: { stroke: cssColor('--grid'), width: 1 }, ticks: { show: false }, size: 24, font: '11px system-ui', space: 70, values: (_, splits) => splits.map((at) => clockLabel(at, drawn.current.scope.range)) },
      {
        stroke: cssColor('--muted'),
        grid: { stroke: cssColor('--grid'), width: 1 },
        ticks: { show: false },
        size: 64,
        font: '11px system-ui',
        values: (_, splits) => splits.map((value) => formatValue(value, defaults?.unit)),
      },
    ],
    series: [
      {},
      ...shown.map((series, at): uPlot.Series => {
        const custom = options[at]?.custom;
        const fill = Number(custom?.['fillOpacity'] ?? 0);
        const bars = custom?.['drawStyle'] === 'bars';
        const lineDash = dash(custom);
        return {
          label: series.name,
          show: visible[at] ?? true,
          stroke: series.stroke,
          width: Number(custom?.['lineWidth'] ?? 1),
          spanGaps: false,
          points: { show: custom?.['drawStyle'] === 'points' || custom?.['showPoints'] === 'always', size: 5 },
          ...(lineDash ? { dash: lineDash } : {}),
          ...(fill > 0 ? { fill: series.stroke + Math.round(fill * 2.55).toString(16).padStart(2, '0') } : {}),
          ...(bars ? { paths: uPlot.paths.bars?.({ size: [0.8, 40] }) as uPlot.Series.PathBuilder } : {}),
          ...(custom?.['lineInterpolation'] === 'stepAfter'
            ? { paths: uPlot.paths.stepped?.({ align: 1 }) as uPlot.Series.PathBuilder }
            : {}),
        };
      }),
    ],
    hooks: {
      draw: [drawThresholds, drawMarks, drawExemplars],
      setCursor: [
        (chart) => {
          const { left, idx } = chart.cursor;
          setTip(typeof idx === 'number' && left !== undefined && left >= 0 ? { left, index: idx } : null);
        },
      ],
      setSelect: [
        (chart) => {
          if (chart.select.width < 5) return;
          const from = chart.posToVal(chart.select.left, 'x') * 1000;
          const to = chart.posToVal(chart.select.left + chart.select.width, 'x') * 1000;
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          onZoom(Math.round(from), Math.round(to));
        },
      ],
      ready: [
        (chart) => {
          chart.over.addEventListener('click', (event) => {
            const box = chart.over.getBoundingClientRect();
            openExemplar(event.clientX - box.left, event.clientY - box.top);
          });
        },
      ],
    },
  });

  function drawThresholds(chart: uPlot) {
    const mode = (defaults?.custom?.['thresholdsStyle'] as { mode?: string } | undefined)?.mode ?? 'off';
    if (!mode.includes('line') && !mode.includes('dashed')) return;
    const { ctx, bbox } = chart;
    ctx.save();
    for (const step of defaults?.thresholds?.steps ?? []) {
      if (step.value === null || step.color === 'transparent') continue;
      const y = chart.valToPos(step.value, 'y', true);
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ctx.strokeStyle = color(step.color);
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash(mode.includes('dashed') ? [8, 6] : []);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  }

  function drawMarks(chart: uPlot) {
    const { ctx, bbox } = chart;
    ctx.save();
    for (const mark of drawn.current.marks) {
      const x = chart.valToPos(mark.time / 1000, 'x', true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = mark.color;
      ctx.fillStyle = mark.color;
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([4, 4]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const size = 5 * devicePixelRatio;
      ctx.beginPath();
      ctx.moveTo(x - size, bbox.top + bbox.height + size);
      ctx.lineTo(x + size, bbox.top + bbox.height + size);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.fill();
    }
    ctx.restore();
  }

  function drawExemplars(chart: uPlot) {
    const { ctx, bbox } = chart;
    const size = 3.5 * devicePixelRatio;
    positions.current = [];
    ctx.save();
    ctx.fillStyle = cssColor('--exemplar');
    ctx.strokeStyle = cssColor('--panel');
    for (const exemplar of drawn.current.exemplars) {
      const x = chart.valToPos(exemplar.time / 1000, 'x', true);
      const y = Math.max(bbox.top, chart.valToPos(exemplar.value, 'y', true));
      if (x < bbox.left || x > bbox.left + bbox.width || y > bbox.top + bbox.height) continue;
      ctx.beginPath();
      ctx.moveTo(x, y - size);
      ctx.lineTo(x + size, y);
      ctx.lineTo(x, y + size);
      ctx.lineTo(x - size, y);
      ctx.closePath();
      ctx.fill();
      ctx.stroke();
      positions.current.push({
        x: (x - bbox.left) / devicePixelRatio,
        y: (y - bbox.top) / devicePixelRatio,
        exemplar,
      });
    }
    ctx.restore();
  }

  function openExemplar(x: number, y: number) {
    let nearest: (typeof positions.current)[number] | undefined;
    let best = 12;
    for (const point of positions.current) {
      const distance = Math.hypot(point.x - x, point.y - y);
      if (distance < best) [nearest, best] = [point, distance];
    }
    if (!nearest) return setPopup(null);
    const target = targets.find((one) => one.exemplar) ?? targets[0];
    if (!target) return undefined;
    const source = sourceOf(target, { scope, datasources }, panel.datasource?.uid);
    return setPopup({
      left: nearest.x,
      top: nearest.y,
      exemplar: nearest.exemplar,
      links: exemplarLinks(source, nearest.exemplar.labels, datasources, raw),
    });
  }

  const legend = (panel.options?.['legend'] ?? {}) as { showLegend?: boolean; calcs?: string[]; displayMode?: string };
  const toggle = (name: string, alone: boolean) => {
    const next = new Set(hidden);
    if (alone) {
      const others = shown.map((series) => series.name).filter((other) => other !== name);
      const isAlone = others.every((other) => hidden.has(other)) && !hidden.has(name);
      next.clear();
      if (!isAlone) others.forEach((other) => next.add(other));
    } else if (!next.delete(name)) next.add(name);
    setHidden(next);
  };

  return (
    <div class="timeseries">
      <div class="plot">
        <Chart options={build} data={data} shape={shape} />
        {tip && <Tooltip index={tip.index} left={tip.left} times={aligned.times} shown={shown} visible={visible} marks={marks} />}
        {popup && (
          <div class="popup" style={{ left: `${popup.left + 70}px`, top: `${popup.top}px` }} role="dialog" aria-label="Exemplar">
            <button class="close" aria-label="Close" onClick={() => setPopup(null)}>×</button>
            <strong>Exemplar</strong>
            <div>{formatTime(popup.exemplar.time)}</div>
            <div>{formatValue(popup.exemplar.value, defaults?.unit)}</div>
            <dl>
              {Object.entries(popup.exemplar.labels).filter(([key]) => key !== '__name__').map(([key, value]) => (
                <><dt>{key}</dt><dd>{value}</dd></>
              ))}
            </dl>
            {popup.links.map((link) => <a class="button" href={link.url} key={link.url}>{link.title}</a>)}
          </div>
        )}
      </div>
      {exemplars.length > 0 && (
        <details class="exemplars">
          <summary>{exemplars.length} exemplars</summary>
          <ul>
            {exemplars.slice(-20).reverse().map((exemplar) => {
              const target = targets.find((one) => one.exemplar);
              if (!target) return null;
              const source = sourceOf(target, { scope, datasources }, panel.datasource?.uid);
              return exemplarLinks(source, exemplar.labels, datasources, raw).slice(0, 1).map((link) => (
                <li key={`${exemplar.time}${link.url}`}>
                  {formatTime(exemplar.time)} {formatValue(exemplar.value, defaults?.unit)} <a href={link.url}>{link.title}</a>
                </li>
              ));
            })}
          </ul>
        </details>
      )}
      {legend.showLegend !== false && (
        <Legend shown={shown} visible={visible} calcs={legend.calcs ?? []} table={legend.displayMode === 'table'} onToggle={toggle} />
      )}
    </div>
  );
}

function Tooltip(props: { index: number; left: number; times: number[]; shown: Shown[]; visible: boolean[]; marks: PanelProps['marks'] }) {
  const time = props.times[props.index];
  if (time === undefined) return null;
  const rows = props.shown
    .map((series, at) => ({ series, value: series.values[props.index], visible: props.visible[at] }))
    .filter((row) => row.visible && typeof row.value === 'number')
    .sort((a, b) => Number(b.value) - Number(a.value))
    .slice(0, 20);
  const near = props.marks.filter((mark) => Math.abs(mark.time / 1000 - time) < 15);
  return (
    <div class="tooltip" style={props.left > 320 ? { right: '8px' } : { left: `${props.left + 90}px` }}>
      <div class="muted">{formatTime(time * 1000)}</div>
      {rows.map(({ series, value }) => (
        <div class="row" key={series.name}>
          <span class="swatch" style={{ background: series.stroke }} /> <span class="grow">{series.name}</span>
          <b>{formatValue(value as number, series.unit, series.decimals)}</b>
        </div>
      ))}
      {near.map((mark) => <div key={mark.time}><b>{mark.title}</b> {mark.text}</div>)}
    </div>
  );
}

function Legend(props: { shown: Shown[]; visible: boolean[]; calcs: string[]; table: boolean; onToggle: (name: string, alone: boolean) => void }) {
  const item = (series: Shown, at: number) => (
    <button
      class={props.visible[at] ? 'legend-item' : 'legend-item off'}
      aria-pressed={props.visible[at] ?? true}
      title="Click: only this one. Ctrl-click: show or hide it."
      onClick={(event) => props.onToggle(series.name, !(event.ctrlKey || event.metaKey))}
    >
      <span class="swatch" style={{ background: series.stroke }} /> {series.name}
    </button>
  );
  const value = (series: Shown, calc: string) => {
    const reduced = reduce(series.values.map((one) => one ?? null), calc);
    return typeof reduced === 'number' ? formatValue(reduced, series.unit, series.decimals) : '-';
  };
  if (!props.table) {
    return <div class="legend">{props.shown.map((series, at) => <span key={series.name}>{item(series, at)} {props.calcs.map((calc) => <b key={calc}>{value(series, calc)} </b>)}</span>)}</div>;
  }
  return (
    <div class="legend">
      <table>
        <thead><tr><th>Name</th>{props.calcs.map((calc) => <th key={calc} class="number">{CALC_NAMES[calc] ?? calc}</th>)}</tr></thead>
        <tbody>
          {props.shown.map((series, at) => (
            <tr key={series.name}><td>{item(series, at)}</td>{props.calcs.map((calc) => <td key={calc} class="number">{value(series, calc)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
