/** The part of Markdown that dashboards use. It makes elements, never markup: nothing in a text can become a tag. */

import type { ComponentChildren } from 'preact';

const INLINE = /\*\*(.+?)\*\*|\*(.+?)\*|`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)/g;

function safe(url: string): string | null {
  return /^(https?:\/\/|\/|#)/.test(url) ? url : null;
}

function inline(text: string): ComponentChildren[] {
  const out: ComponentChildren[] = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > last) out.push(text.slice(last, match.index));
    const [whole, bold, italic, code, label, url] = match;
    if (bold) out.push(<strong>{inline(bold)}</strong>);
    else if (italic) out.push(<em>{inline(italic)}</em>);
    else if (code) out.push(<code>{code}</code>);
    else if (label && url) out.push(safe(url) ? <a href={safe(url) ?? ''}>{inline(label)}</a> : label);
    last = match.index + whole.length;
  }
  if (last < text.length) out.push(text.slice(last));
  return out;
}

export function Markdown({ text }: { text: string }) {
  const blocks = text.split(/\n{2,}/);
  return (
    <div class="markdown">
      {blocks.map((block, at) => {
        const lines = block.split('\n').filter((line) => line.trim() !== '');
        const heading = /^(#{1,6})\s+(.*)$/.exec(lines[0] ?? '');
        if (heading) return <h4 key={at}>{inline(heading[2] ?? '')}</h4>;
        if (lines.length > 0 && lines.every((line) => /^\s*([-*]|\d+\.)\s/.test(line) || /^\s{2,}/.test(line))) {
          const items: string[] = [];
          for (const line of lines) {
            if (/^\s*([-*]|\d+\.)\s/.test(line)) items.push(line.replace(/^\s*([-*]|\d+\.)\s/, ''));
            else items[items.length - 1] += ` ${line.trim()}`;
          }
          return <ul key={at}>{items.map((item, index) => <li key={index}>{inline(item)}</li>)}</ul>;
        }
        return <p key={at}>{inline(lines.join(' '))}</p>;
      })}
    </div>
  );
}
