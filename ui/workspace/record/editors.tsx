// One field of the open record: shown, and edited in place. A text is saved when it is left or with Enter; a text that is no value says why.
import { type CSSProperties, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { type CellValue, fromText, show } from '../../grid/src/index.ts';
import { edited } from '../../grid/src/cells/index.ts';
import { mapUrl, parseColour } from '../../grid/src/cells/codes.ts';
import { fromLocal, toLocal } from '../../grid/src/cells/datetime.ts';
import { starsOf } from '../../grid/src/cells/rating.ts';
import { parseTime } from '../../grid/src/cells/time.ts';
import { safeUrl } from '../../grid/src/cells/url.ts';
import type { Field } from '../api/types.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';
import { toColumn } from '../values.ts';
import { Choice, Links, Several } from './choosers.tsx';
import { Files } from './files.tsx';
import { Painted } from './painted.tsx';
import { Signature } from './signature.tsx';

export interface EditorProps {
  field: Field;
  value: CellValue;
  onSave: (value: CellValue) => void;
}

export function FieldEditor(props: EditorProps) {
  const model = useModel();
  const { field, value } = props;
  if (field.read_only && field.type === 'attachment') return <Files {...props} />;
  if (field.read_only) return <Painted value={value} column={toColumn(field, false, {}, false, { people: model.people })} />;
  switch (field.type) {
    case 'checkbox': return <Tick {...props} />;
    case 'select': return <Choice {...props} />;
    case 'multi_select': case 'user': return <Several {...props} />;
    case 'attachment': return <Files {...props} />;
    case 'signature': return <Signature {...props} />;
    case 'rating': return <Stars {...props} />;
    case 'link': return <Links {...props} />;
    case 'date': return <Day {...props} />;
    case 'datetime': return <Moment {...props} />;
    case 'time': return <Clock {...props} />;
    case 'colour': return <Colour {...props} />;
    default: return <Text {...props} />;
  }
}

const AREAS = new Set(['long_text', 'rich_text', 'json']);
const NUMBERS = new Set(['number', 'currency', 'percent', 'duration', 'year']);
const MODES: Record<string, 'decimal' | 'numeric' | 'email' | 'url' | 'tel'> = { number: 'decimal', currency: 'decimal', percent: 'decimal', year: 'numeric', email: 'email', url: 'url', phone: 'tel' };

/** Where a value leads: a page, a letter, a call, a map. */
function wayOf(field: Field, value: CellValue): { href: string; label: string; icon: IconName } | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  switch (field.type) {
    case 'url': {
      const href = safeUrl(value);
      return href ? { href, label: `Open ${value}`, icon: 'external-link' } : undefined;
    }
    case 'email': return { href: `mailto:${value}`, label: `Write to ${value}`, icon: 'mail' };
    case 'phone': return { href: `tel:${value.replace(/[^\d+*#]/g, '')}`, label: `Call ${value}`, icon: 'phone' };
    case 'geo': {
      const href = mapUrl(value);
      return href ? { href, label: `Show ${value} on a map`, icon: 'map' } : undefined;
    }
    default: return undefined;
  }
}

function Text({ field, value, onSave }: EditorProps) {
  const column = toColumn(field, false, {}, false);
  const shown = edited(value, column);
  const [text, setText] = useState(shown);
  const [why, setWhy] = useState('');
  const [editing, setEditing] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const lines = AREAS.has(field.type);
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
    'aria-labelledby': `label-${field.id}`, 'aria-invalid': why !== '', value: editing || why || !NUMBERS.has(field.type) ? text : show(value, column),
    onFocus: () => setEditing(true), onBlur: commit,
    onChange: (e: { target: { value: string } }) => setText(e.target.value),
    onKeyDown: (e: KeyboardEvent<HTMLElement>) => {
      if (e.key === 'Escape') {
        e.preventDefault();
        setText(shown);
        setWhy('');
        (e.target as HTMLElement).blur();
      } else if (e.key === 'Enter' && (!lines || e.ctrlKey || e.metaKey)) (e.target as HTMLElement).blur();
    },
  };
  const way = wayOf(field, value);
  const mono = field.type === 'json' || field.type === 'uuid' || field.type === 'barcode' ? ' mono' : '';
  return (
    <>
      {lines ? <textarea ref={area} className={`in${mono}`} rows={2} spellCheck={field.type !== 'json'} {...props} /> : <input className={`in${NUMBERS.has(field.type) ? ' num' : ''}${mono}`} inputMode={MODES[field.type]} autoComplete="off" {...props} />}
      {way ? <a className="btn ghost sm icon" href={way.href} target="_blank" rel="noopener noreferrer" aria-label={way.label}><Icon name={way.icon} /></a> : null}
      {why ? <span className="why" role="alert">{why}</span> : null}
    </>
  );
}

/** Saved when the field is left: while a year is typed, the browser has a whole date after each digit. */
function Day({ field, value, onSave }: EditorProps) {
  const shown = typeof value === 'string' ? value : '';
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  return <input className="in" type="date" max="9999-12-31" aria-labelledby={`label-${field.id}`} value={text} onChange={(e) => setText(e.target.value)} onBlur={(e) => text !== shown && !e.target.validity.badInput && onSave(text || null)} />;
}

function Moment({ field, value, onSave }: EditorProps) {
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

function Clock({ field, value, onSave }: EditorProps) {
  const shown = typeof value === 'string' ? value : '';
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  return <input className="in" type="time" step={1} aria-labelledby={`label-${field.id}`} value={text} onChange={(e) => setText(e.target.value)} onBlur={(e) => text !== shown && !e.target.validity.badInput && onSave(parseTime(text) ?? null)} />;
}

function Colour(props: EditorProps) {
  const { field, value, onSave } = props;
  const now = typeof value === 'string' ? parseColour(value) : undefined;
  const [picked, setPicked] = useState(now);
  useEffect(() => setPicked(now), [now]);
  const style: CSSProperties = { background: picked ?? 'transparent' };
  return (
    <>
      <span className="swatch pick" style={style}><input type="color" aria-label={`Pick ${field.name}`} value={picked ?? '#000000'} onChange={(e) => setPicked(e.target.value)} onBlur={() => picked !== now && picked && onSave(picked)} /></span>
      <Text {...props} />
    </>
  );
}

function Stars({ field, value, onSave }: EditorProps) {
  const max = starsOf({ max: field.options?.max });
  const now = typeof value === 'number' ? value : 0;
  const set = (stars: number) => onSave(stars === 0 ? null : Math.min(max, stars));
  const key = (e: KeyboardEvent) => {
    if (e.key === 'ArrowRight' || e.key === 'ArrowUp') set(Math.min(max, now + 1));
    else if (e.key === 'ArrowLeft' || e.key === 'ArrowDown' || e.key === 'Backspace' || e.key === 'Delete') set(e.key.startsWith('Arrow') ? Math.max(0, now - 1) : 0);
    else if (/^\d$/.test(e.key)) set(Number(e.key));
    else return;
    e.preventDefault();
  };
  return (
    <span className="stars edit" role="slider" tabIndex={0} aria-labelledby={`label-${field.id}`} aria-valuemin={0} aria-valuemax={max} aria-valuenow={now} aria-valuetext={`${now} of ${max} stars`} onKeyDown={key}>
      {Array.from({ length: max }, (_, i) => <span key={i} aria-hidden="true" onClick={() => set(now === i + 1 ? 0 : i + 1)}><Icon name="star" className={i < now ? 'on' : ''} /></span>)}
    </span>
  );
}

function Tick({ field, value, onSave }: EditorProps) {
  return (
    <button type="button" className="tick" role="checkbox" aria-checked={value === true} aria-labelledby={`label-${field.id}`} onClick={() => onSave(value !== true)}>
      <span className={value === true ? 'check on' : 'check'}>{value === true ? <Icon name="check" /> : null}</span>
    </button>
  );
}
