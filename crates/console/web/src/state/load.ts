/** Loading something and loading it again, without an old answer overwriting a new one. */

import { useEffect, useRef, useState } from 'preact/hooks';

export interface Loaded<T> {
  data: T | undefined;
  error: string | undefined;
  loading: boolean;
}

export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs `load` when one of `inputs` changes; what was there stays visible meanwhile. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, inputs: unknown[]): Loaded<T> {
  const [state, setState] = useState<Loaded<T>>({ data: undefined, error: undefined, loading: true });
  const latest = useRef(0);
  useEffect(() => {
    const abort = new AbortController();
    const mine = (latest.current += 1);
    setState((old) => ({ ...old, loading: true }));
    load(abort.signal).then(
      (data) => mine === latest.current && setState({ data, error: undefined, loading: false }),
      (error: unknown) => {
        if (abort.signal.aborted || mine !== latest.current) return;
        setState((old) => ({ data: old.data, error: errorText(error), loading: false }));
      },
    );
    return () => abort.abort();
  }, inputs);
  return state;
}

/** A number that grows every `ms` milliseconds while the page is visible; 0 stands still. */
export function useTick(ms: number): number {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    if (ms <= 0) return undefined;
    const timer = window.setInterval(() => document.visibilityState === 'visible' && setTick((old) => old + 1), ms);
    return () => window.clearInterval(timer);
  }, [ms]);
  return tick;
}
