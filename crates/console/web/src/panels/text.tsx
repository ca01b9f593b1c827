import { Markdown } from '../components/markdown';
import { interpolate } from '../model/interpolate';
import type { PanelProps } from './types';

/** Text. HTML mode is shown as the text it is: a dashboard file runs nothing here. */
export function Text({ panel, scope }: PanelProps) {
  const content = interpolate(String(panel.options?.['content'] ?? ''), scope, 'text');
  return panel.options?.['mode'] === 'markdown' || panel.options?.['mode'] === undefined ? <Markdown text={content} /> : <pre>{content}</pre>;
}
