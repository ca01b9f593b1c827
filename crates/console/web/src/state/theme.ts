/** Light or dark: what was chosen, else what the system prefers. */

export type Theme = 'light' | 'dark';
const KEY = 'lab.theme';

export function theme(): Theme {
  const saved = window.localStorage.getItem(KEY);
  const asked = new URLSearchParams(window.location.search).get('theme');
  if (asked === 'light' || asked === 'dark') return asked;
  if (saved === 'light' || saved === 'dark') return saved;
  return window.matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
}

export function applyTheme(next: Theme): void {
  document.documentElement.dataset['theme'] = next;
}

export function chooseTheme(next: Theme): void {
  window.localStorage.setItem(KEY, next);
  applyTheme(next);
}

/** A colour of the style sheet, for canvases. */
export const cssColor = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim() || '#888';
