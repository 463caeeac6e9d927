// A formula in its editor: names of fields and functions are offered while they are typed, a mistake is said at its character, and what is
// written stays as it is. Checked by the server's own language: as a condition of a query that reads nothing.
import { useEffect, useMemo, useRef, useState } from 'react';
import { kindIcon } from '../../grid/src/index.ts';
import { ApiError } from '../api/client.ts';
import type { Field, TableInfo } from '../api/types.ts';
import { Icon } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';
import type { FunctionInfo } from './functions.ts';
import { completeAt, insertAt, suggest, type Suggestion } from './formula_text.ts';

interface Props {
  value: string;
  table: TableInfo;
  /** The field itself: it can't be in its own formula. */
  field: Field | undefined;
  onChange: (next: string) => void;
  label: string;
  placeholder?: string;
}

const CHECK_AFTER = 350;

export function FormulaEditor({ value, table, field, onChange, label, placeholder }: Props) {
  const model = useModel();
  const area = useRef<HTMLTextAreaElement>(null);
  const [functions, setFunctions] = useState<readonly FunctionInfo[]>([]);
  const [caret, setCaret] = useState(value.length);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const [problem, setProblem] = useState('');
  const [find, setFind] = useState('');
  useEffect(() => {
    import('./functions.ts').then((loaded) => setFunctions(loaded.FUNCTIONS)).catch(() => setFunctions([]));
  }, []);
  useEffect(() => {
    if (value.trim() === '') return setProblem('');
    const stop = new AbortController();
    const timer = setTimeout(() => {
      model.api.ask('POST', `/v1/tables/${table.id}/window`, { body: { filter: value, offset: 0, limit: 1, fields: [table.primary_field] }, signal: stop.signal, reads: true })
        .then(() => setProblem(''))
        .catch((failure: unknown) => {
          if (failure instanceof ApiError && failure.status >= 400 && failure.status < 500) setProblem(failure.message);
        });
    }, CHECK_AFTER);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [value, table.id]);

  const fields = table.fields.filter((one) => one.id !== field?.id);
  const word = completeAt(value, caret);
  const offered = useMemo(() => (open && word ? suggest(word, fields, functions) : []), [open, word?.text, word?.start, functions, table]);
  const index = Math.min(at, offered.length - 1);
  const take = (one: Suggestion, from = word?.start ?? caret) => {
    const next = insertAt(value, from, caret, one);
    onChange(next.text);
    setOpen(false);
    setCaret(next.caret);
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(next.caret, next.caret);
    });
  };
  const wanted = find.trim().toLocaleLowerCase();
  const listed = functions.filter((one) => one.name.toLocaleLowerCase().includes(wanted) || one.about.toLocaleLowerCase().includes(wanted));
  const [shown, setShown] = useState<FunctionInfo>();
  return (
    <div className="formula">
      <div className="field">
        <label htmlFor="field-formula">{label}</label>
        <textarea id="field-formula" ref={area} className={`input mono${problem ? ' bad' : ''}`} rows={5} spellCheck={false} autoCapitalize="off" autoComplete="off" value={value} placeholder={placeholder ?? 'IF({Price} > 100, "High", "Low")'}
          aria-invalid={problem !== ''} aria-describedby="formula-state" aria-autocomplete="list" aria-controls={offered.length > 0 ? 'formula-offers' : undefined} aria-activedescendant={offered.length > 0 ? `offer-${index}` : undefined}
          onChange={(e) => {
            onChange(e.target.value);
            setCaret(e.target.selectionStart);
            setOpen(true);
            setAt(0);
          }}
          onSelect={(e) => setCaret(e.currentTarget.selectionStart)}
          onBlur={() => setOpen(false)}
          onKeyDown={(e) => {
            if (offered.length === 0) return;
            const one = offered[index];
            if (e.key === 'ArrowDown' || e.key === 'ArrowUp') setAt((index + (e.key === 'ArrowDown' ? 1 : -1) + offered.length) % offered.length);
            else if ((e.key === 'Enter' || e.key === 'Tab') && one) take(one);
            else if (e.key === 'Escape') {
              e.stopPropagation();
              setOpen(false);
            } else return;
            e.preventDefault();
          }} />
        {offered.length > 0 ? (
          <ul className="offers" id="formula-offers" role="listbox" aria-label="Fields and functions">
            {offered.map((one, i) => <li key={`${one.kind}${one.name}`} id={`offer-${i}`} role="option" aria-selected={i === index} className={i === index ? 'on' : ''} onPointerDown={(e) => {
              e.preventDefault();
              take(one);
            }}><Icon name={one.icon} /><b>{one.name}</b><span className="muted trunc">{one.about}</span></li>)}
          </ul>
        ) : null}
        <span className={problem ? 'help why' : 'help'} id="formula-state" role={problem ? 'alert' : 'status'}>{problem || 'Fields stand in braces: {Price}. Texts stand in quotes.'}</span>
      </div>
      <div className="functions">
        <div className="search"><Icon name="search" /><input className="input" placeholder="Find a function" aria-label="Find a function" autoComplete="off" value={find} onChange={(e) => setFind(e.target.value)} /></div>
        <p className="row small"><b className="grow">Functions</b><span className="muted num">{wanted ? `${listed.length} of ${functions.length}` : functions.length}</span></p>
        <ul className="fnlist" aria-label="Functions">
          {listed.slice(0, 60).map((one) => <li key={one.name}><button type="button" className={shown?.name === one.name ? 'on' : ''} onFocus={() => setShown(one)} onPointerEnter={() => setShown(one)} onClick={() => take({ kind: 'function', name: one.name, about: '', icon: 'variable' }, caret)}><span className="mono">{one.signature}</span><span className="about">{one.about}</span></button></li>)}
          {functions.length > 0 && listed.length === 0 ? <li className="muted none">No function is called that.</li> : null}
        </ul>
        {shown?.example ? <p className="mono example">{shown.example}</p> : null}
        <p className="small"><b>Fields</b></p>
        <ul className="fnlist short" aria-label="Fields">{fields.map((one) => <li key={one.id}><button type="button" onClick={() => take({ kind: 'field', name: one.name, about: '', icon: kindIcon[one.type] }, caret)}><span className="row"><Icon name={kindIcon[one.type]} />{one.name}</span></button></li>)}</ul>
      </div>
    </div>
  );
}
