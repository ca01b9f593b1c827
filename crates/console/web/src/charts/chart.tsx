/** uPlot in a component: keeps its size, its theme and the time range in step. */

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

interface Props {
  options: (width: number, height: number) => uPlot.Options;
  data: uPlot.AlignedData;
  /** A change of it builds the chart anew; data alone is only set. */
  shape: string;
}

export function Chart({ options, data, shape }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>();

  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const size = () => ({ width: Math.max(50, element.clientWidth), height: Math.max(50, element.clientHeight) });
    const { width, height } = size();
    chart.current = new uPlot(options(width, height), data, element);
    const observer = new ResizeObserver(() => chart.current?.setSize(size()));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [shape]);

  useEffect(() => {
    chart.current?.setData(data, true);
  }, [data]);

  return <div class="chart" ref={host} />;
}
