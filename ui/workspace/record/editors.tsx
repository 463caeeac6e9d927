// One field of the open record: shown, and edited in place. A text is saved when it is left or with Enter; a text that is no value says why.
import { useEffect, useRef, useState } from 'react';
import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { type CellValue, fromText, type LinkRef, toText } from '../../grid/src/index.ts';
import { fromLocal, toLocal } from '../../grid/src/cells/datetime.ts';
import { formatNumber } from '../../grid/src/cells/number.ts';
import { safeUrl } from '../../grid/src/cells/url.ts';
import { message } from '../api/client.ts';
import type { Field } from '../api/types.ts';
import { findLinks } from '../grid_host.ts';
import { keepFocus } from '../ui/focus.ts';
import { Icon } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';
import { toColumn } from '../values.ts';

interface Props {
  field: Field;
  value: CellValue;
  onSave: (value: CellValue) => void;
}

export function FieldEditor(props: Props) {
  const { field, value } = props;
  if (field.read_only) return <span className="calc">{toText(value, toColumn(field, false, {}, false))}</span>;
  switch (field.type) {
    case 'checkbox': return <Tick {...props} />;
    case 'select': return <Choice {...props} />;
    case 'link': return <Links {...props} />;
    case 'date': return <Day {...props} />;
    case 'datetime': return <Moment {...props} />;
    default: return <Text {...props} />;
  }
}

function Text({ field, value, onSave }: Props) {
  const column = toColumn(field, false, {}, false);
  const shown = toText(value, column);
  const [text, setText] = useState(shown);
  const [why, setWhy] = useState('');
  const [editing, setEditing] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (!editing) setText(shown);
  }, [shown, editing]);
  useEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(element.scrollHeight + 2, 360)}px`;
  }, [text]);
  const commit = () => {
    setEditing(false);
    if (text === shown) return setWhy('');
    const parsed = fromText(text, column);
    if (!parsed.ok) return setWhy(parsed.why);
    setWhy('');
    onSave(parsed.value);
  };
  const props = {
    'aria-labelledby': `label-${field.id}`, 'aria-invalid': why !== '', value: editing || why ? text : field.type === 'number' && typeof value === 'number' ? formatNumber(value, field.options?.precision) : text,
    onFocus: () => setEditing(true), onBlur: commit,
    onChange: (e: { target: { value: string } }) => setText(e.target.value),
    onKeyDown: (e: React.KeyboardEvent<HTMLElement>) => {
      if (e.key === 'Escape') {
        e.preventDefault();
        setText(shown);
        setWhy('');
        (e.target as HTMLElement).blur();
      } else if (e.key === 'Enter' && (field.type !== 'long_text' || e.ctrlKey || e.metaKey)) (e.target as HTMLElement).blur();
    },
  };
  const href = field.type === 'url' ? safeUrl(value) : field.type === 'email' && typeof value === 'string' ? `mailto:${value}` : undefined;
  return (
    <>
      {field.type === 'long_text' ? <textarea ref={area} className="in" rows={2} {...props} /> : <input className={field.type === 'number' ? 'in num' : 'in'} inputMode={field.type === 'number' ? 'decimal' : field.type === 'email' ? 'email' : field.type === 'url' ? 'url' : undefined} autoComplete="off" {...props} />}
      {href ? <a className="btn ghost sm icon" href={href} target="_blank" rel="noopener noreferrer" aria-label={field.type === 'email' ? `Write to ${String(value)}` : `Open ${String(value)}`}><Icon name={field.type === 'email' ? 'mail' : 'external-link'} /></a> : null}
      {why ? <span className="why" role="alert">{why}</span> : null}
    </>
  );
}

/** Saved when the field is left: while a year is typed, the browser has a whole date after each digit. */
function Day({ field, value, onSave }: Props) {
  const shown = typeof value === 'string' ? value : '';
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  return <input className="in" type="date" max="9999-12-31" aria-labelledby={`label-${field.id}`} value={text} onChange={(e) => setText(e.target.value)} onBlur={(e) => text !== shown && !e.target.validity.badInput && onSave(text || null)} />;
}

function Moment({ field, value, onSave }: Props) {
  const zone = field.options?.zone;
  const shown = typeof value === 'string' ? toLocal(value, zone) : '';
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  return (
    <>
      <input className="in" type="datetime-local" aria-labelledby={`label-${field.id}`} value={text} onChange={(e) => setText(e.target.value)} onBlur={() => text !== shown && onSave(text ? (fromLocal(text, zone) ?? null) : null)} />
      {zone ? <span className="muted zone">{zone.replaceAll('_', ' ')}</span> : null}
    </>
  );
}

function Tick({ field, value, onSave }: Props) {
  return (
    <button type="button" className="tick" role="checkbox" aria-checked={value === true} aria-labelledby={`label-${field.id}`} onClick={() => onSave(value !== true)}>
      <span className={value === true ? 'check on' : 'check'}>{value === true ? <Icon name="check" /> : null}</span>
    </button>
  );
}

function Choice({ field, value, onSave }: Props) {
  const choices = field.options?.choices ?? [];
  const now = choices.find((c) => c.id === value);
  return (
    <span className="choose">
      {now ? <span className={`pill ${now.colour}`} aria-hidden="true">{now.name}</span> : <span className="muted" aria-hidden="true">Empty</span>}
      <Icon name="chevron-down" />
      <select aria-labelledby={`label-${field.id}`} value={now?.id ?? ''} onChange={(e) => onSave(e.target.value || null)}>
        <option value="">Empty</option>
        {choices.map((c) => <option key={c.id} value={c.id}>{c.name}</option>)}
      </select>
    </span>
  );
}

/** Links shown at once; a country has hundreds of airports. */
const SHOWN = 12;

function Links({ field, value, onSave }: Props) {
  const model = useModel();
  const [all, setAll] = useState(false);
  const links = Array.isArray(value) ? value : [];
  const target = model.base?.tables.find((t) => t.id === field.options?.table);
  const set = (next: LinkRef[]) => onSave(next.length > 0 ? next : null);
  return (
    <>
      {(all ? links : links.slice(0, SHOWN)).map((ref) => (
        <span className="link" key={ref.id || ref.name} title={ref.name}>
          {ref.name || 'Unnamed'}
          <button type="button" aria-label={`Unlink ${ref.name}`} onClick={(e) => {
            keepFocus(e);
            set(links.filter((l) => l !== ref));
          }}><Icon name="x" /></button>
        </span>
      ))}
      {links.length > SHOWN && !all ? <button type="button" className="btn ghost sm" onClick={() => setAll(true)}>Show all {links.length.toLocaleString()}</button> : null}
      <DialogTrigger>
        <Button className="btn ghost sm" aria-label={`Link ${target?.name ?? 'a record'}`}><Icon name="plus" />Link</Button>
        <Popover className="popover panel" placement="bottom start" offset={4}>
          <Dialog className="plain" aria-label={`Link to ${target?.name ?? ''}`}><LinkSearch table={field.options?.table} links={links} onChange={set} /></Dialog>
        </Popover>
      </DialogTrigger>
    </>
  );
}

function LinkSearch({ table, links, onChange }: { table: string | undefined; links: LinkRef[]; onChange: (next: LinkRef[]) => void }) {
  const model = useModel();
  const [text, setText] = useState('');
  const [found, setFound] = useState<LinkRef[]>();
  const [error, setError] = useState('');
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      findLinks(model, table, text.trim(), stop.signal).then((refs) => {
        setFound(refs);
        setError('');
      }).catch((failure: unknown) => !stop.signal.aborted && setError(message(failure)));
    }, text ? 120 : 0);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text, table]);
  const toggle = (ref: LinkRef) => onChange(links.some((l) => l.id === ref.id) ? links.filter((l) => l.id !== ref.id) : [...links, ref]);
  return (
    <div className="linksearch">
      <div className="search"><Icon name="search" /><input className="input" autoFocus placeholder="Find by name" aria-label="Find by name" value={text} onChange={(e) => setText(e.target.value)} onKeyDown={(e) => {
        const first = found?.[0];
        if (e.key === 'Enter' && first) toggle(first);
      }} /></div>
      <ul aria-label="Records">
        {found?.map((ref) => {
          const on = links.some((l) => l.id === ref.id);
          return <li key={ref.id}><button type="button" aria-pressed={on} onClick={() => toggle(ref)}><span className="trunc grow">{ref.name || 'Unnamed'}</span>{on ? <Icon name="check" /> : null}</button></li>;
        })}
      </ul>
      {error ? <p className="why" role="alert">{error}</p> : found?.length === 0 ? <p className="muted">Nothing has this name.</p> : null}
    </div>
  );
}
