// Editors of the open record that choose: one or several choices, people, records of another table.
import { type KeyboardEvent, useEffect, useState } from 'react';
import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import type { CellValue, LinkRef } from '../../grid/src/index.ts';
import { linksOf } from '../../grid/src/cells/link.ts';
import { idsOf } from '../../grid/src/cells/multi_select.ts';
import { choiceNamed, choiceOf, dye, nameOfChoice } from '../../grid/src/cells/select.ts';
import { initials, personName } from '../../grid/src/cells/user.ts';
import { message } from '../api/client.ts';
import { findLinks } from '../grid_host.ts';
import { keepFocus } from '../ui/focus.ts';
import { Icon } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';
import { toColumn } from '../values.ts';
import type { EditorProps } from './editors.tsx';

export function Choice({ field, value, onSave }: EditorProps) {
  const column = toColumn(field, false, {}, false);
  const now = choiceOf(column, value);
  return (
    <span className="choose">
      {now ? <span className={`pill ${dye(now.colour)}`} aria-hidden="true">{now.name}</span> : <span className="muted" aria-hidden="true">Empty</span>}
      <Icon name="chevron-down" />
      <select aria-labelledby={`label-${field.id}`} value={now?.id ?? ''} onChange={(e) => onSave(e.target.value || null)}>
        <option value="">Empty</option>
        {column.choices?.map((c) => <option key={c.id} value={c.id}>{c.name}</option>)}
      </select>
    </span>
  );
}

interface Named {
  id: string;
  name: string;
}

/** Several choices or people (or one person): chips, and a list that is searched by typing. */
export function Several({ field, value, onSave }: EditorProps) {
  const model = useModel();
  const column = toColumn(field, false, {}, false, { people: model.people, grows: model.may('schema') });
  const people = field.type === 'user';
  const many = !people || column.many === true;
  const ids = idsOf(value);
  const set = (next: string[]) => onSave(many ? (next.length > 0 ? next : null) : (next.at(-1) ?? null));
  const name = (id: string) => (people ? personName(column, id) : nameOfChoice(column, id));
  const all: readonly Named[] = (people ? column.people : column.choices) ?? [];
  const find = async (text: string): Promise<Named[]> => {
    const wanted = text.toLocaleLowerCase();
    const found = all.filter((one) => one.name.toLocaleLowerCase().includes(wanted));
    return column.grows && text !== '' && !choiceNamed(column, text) ? [...found, { id: text, name: `Add “${text}”` }] : found;
  };
  return (
    <>
      {ids.map((id) => (
        <span className={people ? 'link person' : `pill ${dye(choiceOf(column, id)?.colour ?? 'gray')} off-able`} key={id}>
          {people ? <i aria-hidden="true">{initials(name(id))}</i> : null}{name(id)}
          <button type="button" aria-label={`Remove ${name(id)}`} onClick={(e) => {
            keepFocus(e);
            set(ids.filter((one) => one !== id));
          }}><Icon name="x" /></button>
        </span>
      ))}
      <Finder label={people ? 'Find a person' : column.grows ? 'Find or add a choice' : 'Find a choice'} button={`Add to ${field.name}`} list={people ? 'People' : 'Choices'} none={people ? 'Nobody who may see this base is called that.' : 'No such choice.'} find={find} again={`${all.length}`} chosen={ids}
        onPick={({ id }) => set(ids.includes(id) ? ids.filter((one) => one !== id) : many ? [...ids, id] : [id])} />
    </>
  );
}

/** Links shown at once; a country has hundreds of airports. */
const SHOWN = 12;

export function Links({ field, value, onSave }: EditorProps) {
  const model = useModel();
  const [all, setAll] = useState(false);
  const links = linksOf(value);
  const target = model.base?.tables.find((t) => t.id === field.options?.table);
  const many = field.options?.many !== false;
  const set = (next: LinkRef[]) => onSave((next.length > 0 ? next : null) as CellValue);
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
      <Finder label="Find by name" button={`Link ${target?.name ?? 'a record'}`} words="Link" list="Records" none="Nothing has this name." find={(text, signal) => findLinks(model, field.options?.table, text, signal)} again={field.options?.table ?? ''} chosen={links.map((l) => l.id)}
        onPick={(one) => set(links.some((l) => l.id === one.id) ? links.filter((l) => l.id !== one.id) : many ? [...links, { id: one.id, name: one.name }] : [{ id: one.id, name: one.name }])} />
    </>
  );
}

interface FinderProps {
  label: string;
  /** Name of the button that opens it. */
  button: string;
  words?: string;
  list: string;
  none: string;
  find: (text: string, signal: AbortSignal) => Promise<Named[]>;
  /** Another value looks again. */
  again: string;
  chosen: readonly string[];
  onPick: (one: Named) => void;
}

function Finder(props: FinderProps) {
  return (
    <DialogTrigger>
      <Button className="btn ghost sm" aria-label={props.button}><Icon name="plus" />{props.words}</Button>
      <Popover className="popover panel" placement="bottom start" offset={4}>
        <Dialog className="plain" aria-label={props.button}><Search {...props} /></Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Search({ label, list, none, find, again, chosen, onPick }: FinderProps) {
  const [text, setText] = useState('');
  const [found, setFound] = useState<Named[]>();
  const [error, setError] = useState('');
  const taken = chosen.join();
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      find(text.trim(), stop.signal).then((answer) => {
        setFound(answer);
        setError('');
      }).catch((failure: unknown) => !stop.signal.aborted && setError(message(failure)));
    }, text ? 120 : 0);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text, again, taken]);
  const key = (e: KeyboardEvent) => {
    const first = found?.[0];
    if (e.key !== 'Enter' || !first) return;
    onPick(first);
    setText('');
  };
  return (
    <div className="linksearch">
      <div className="search"><Icon name="search" /><input className="input" autoFocus placeholder={label} aria-label={label} value={text} onChange={(e) => setText(e.target.value)} onKeyDown={key} /></div>
      <ul aria-label={list}>
        {found?.map((one) => {
          const on = chosen.includes(one.id);
          return <li key={one.id}><button type="button" aria-pressed={on} onClick={() => onPick(one)}><span className="trunc grow">{one.name || 'Unnamed'}</span>{on ? <Icon name="check" /> : null}</button></li>;
        })}
      </ul>
      {error ? <p className="why" role="alert">{error}</p> : found?.length === 0 ? <p className="muted">{none}</p> : null}
    </div>
  );
}
