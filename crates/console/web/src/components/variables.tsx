/** The choices of a dashboard's template variables. */

import { useState } from 'preact/hooks';
import { ALL, type Loaded } from '../query/variables';
import { setParams } from '../state/router';

export function VariableBar({ loaded }: { loaded: Loaded[] }) {
  const visible = loaded.filter(({ variable }) => variable.hide !== 2 && variable.type !== 'constant');
  return (
    <div class="variables">
      {visible.map((one) => <Choice key={one.variable.name} one={one} />)}
    </div>
  );
}

function Choice({ one }: { one: Loaded }) {
  const { variable, values, chosen, error } = one;
  const [open, setOpen] = useState(false);
  const list = Array.isArray(chosen) ? chosen : [chosen];
  const choose = (next: string[]) => setParams({ [`var-${variable.name}`]: next.length > 0 ? next : [ALL] });
  const text = list.includes(ALL) ? 'All' : list.filter((value) => value !== '').join(' + ') || (values[0] ?? '');
  if (variable.type === 'textbox') {
    return <label class="variable">{variable.label ?? variable.name} <input value={text} onChange={(event) => choose([event.currentTarget.value])} /></label>;
  }
  const flip = (value: string) => {
    if (!variable.multi) {
      setOpen(false);
      return choose([value]);
    }
    if (value === ALL) return choose([ALL]);
    const rest = list.filter((other) => other !== ALL && other !== value);
    return choose(list.includes(value) ? rest : [...rest, value]);
  };
  const options = [...(variable.includeAll ? [ALL] : []), ...values];
  return (
    <div class="variable" onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}>
      <span>{variable.label ?? variable.name}</span>
      <button class="button" aria-haspopup="listbox" aria-expanded={open} onClick={() => setOpen(!open)}>{text || '–'} ▾</button>
      {error && <span class="bad" title={error}>!</span>}
      {open && (
        <div class="menu" role="listbox" aria-multiselectable={variable.multi ?? false} aria-label={variable.label ?? variable.name}>
          {options.map((value) => (
            <label key={value} role="option" aria-selected={list.includes(value)}>
              <input type={variable.multi ? 'checkbox' : 'radio'} checked={list.includes(value)} onChange={() => flip(value)} />
              {value === ALL ? 'All' : value}
            </label>
          ))}
        </div>
      )}
    </div>
  );
}
