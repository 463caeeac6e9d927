// Import: a file or pasted rows, what each column becomes, then the work with its numbers and the rows that did not fit.
import { useEffect, useState } from 'react';
import { message } from '../api/client.ts';
import type { ImportPreview, ImportState } from '../api/types.ts';
import { counted, nounOf } from '../nouns.ts';
import { Sheet } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';
import { type Mapping, MapTable, Target, guessMapping, namesOf, startBody } from './import_map.tsx';
import { APPEND, ModeChoice, isReady } from './import_mode.tsx';
import { Progress } from './import_progress.tsx';
import { Reading, type ReadingChoice, formatName } from './import_reading.tsx';

const SIZE_LIMIT = 512 * 1024 * 1024;

export function bytes(n: number): string {
  const unit = n < 1024 ? 'byte' : n < 1024 ** 2 ? 'kilobyte' : 'megabyte';
  const value = unit === 'byte' ? n : unit === 'kilobyte' ? n / 1024 : n / 1024 ** 2;
  return new Intl.NumberFormat(undefined, { style: 'unit', unit, unitDisplay: unit === 'byte' ? 'long' : 'short', maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

export default function ImportDialog({ file, onClose }: { file?: File; onClose: () => void }) {
  const model = useModel();
  const [name, setName] = useState('');
  const [preview, setPreview] = useState<ImportPreview>();
  const [target, setTarget] = useState<Target>({ kind: 'new', name: '' });
  const [mapping, setMapping] = useState<Mapping[]>([]);
  const [primary, setPrimary] = useState('');
  const [mode, setMode] = useState(APPEND);
  const [state, setState] = useState<ImportState>();
  const [started, setStarted] = useState(false);
  const [busy, setBusy] = useState('');
  const [error, setError] = useState('');

  const upload = async (chosen: File) => {
    if (chosen.size > SIZE_LIMIT) return setError(`${chosen.name} has ${bytes(chosen.size)}; a file may have ${bytes(SIZE_LIMIT)}.`);
    setBusy(`Reading ${chosen.name}, ${bytes(chosen.size)}`);
    setError('');
    try {
      const form = new FormData();
      form.append('base', model.config.base);
      form.append('file', chosen);
      const { data } = await model.api.ask<ImportPreview>('POST', '/v1/imports', { form });
      const title = chosen.name.replace(/\.[a-z0-9]+$/i, '').replace(/[_-]+/g, ' ').trim() || 'Imported';
      const next: Target = { kind: 'new', name: title.charAt(0).toUpperCase() + title.slice(1) };
      setName(chosen.name);
      setTarget(next);
      setMapping(guessMapping(data, undefined, true));
      setPrimary(data.primary);
      setMode(APPEND);
      setPreview(data);
    } catch (failure) {
      setError(message(failure));
    }
    setBusy('');
  };
  useEffect(() => {
    if (file) void upload(file);
  }, []);

  const tableOf = (of: Target) => (of.kind === 'table' ? model.base?.tables.find((t) => t.id === of.id) : undefined);
  const reread = async (choice: ReadingChoice) => {
    if (!preview) return;
    setBusy('Reading again');
    setError('');
    try {
      const { data } = await model.api.ask<ImportPreview>('POST', `/v1/imports/${preview.id}/preview`, { body: choice });
      // What was decided about a column that is there still holds, but for a type that nobody chose.
      const fresh = guessMapping(data, tableOf(target), model.may('schema'));
      setMapping(fresh.map((m) => {
        const old = mapping.find((other) => other.column === m.column);
        return old ? { ...old, type: old.field || old.type !== preview.columns.find((c) => c.name === m.column)?.type ? old.type : m.type } : m;
      }));
      setPrimary(data.primary);
      setPreview(data);
    } catch (failure) {
      setError(message(failure));
    }
    setBusy('');
  };
  const retarget = (next: Target) => {
    const table = tableOf(next);
    setTarget(next);
    setMode(APPEND);
    if (preview && (next.kind !== target.kind || next.kind === 'table')) setMapping(guessMapping(preview, table, model.may('schema')));
  };
  const start = async () => {
    if (!preview) return;
    setBusy('Starting');
    setError('');
    try {
      await model.api.write('POST', `/v1/imports/${preview.id}/start`, startBody(target, mapping, namesOf(mapping, primary), mode));
      setStarted(true);
    } catch (failure) {
      setError(message(failure));
    }
    setBusy('');
  };
  useEffect(() => {
    if (!started || !preview) return undefined;
    let stop = false;
    const poll = async () => {
      try {
        const { data } = await model.api.get<ImportState>(`/v1/imports/${preview.id}`);
        if (stop) return;
        setState(data);
        if (data.state === 'running' || data.state === 'preview') timer = setTimeout(() => void poll(), 400);
        else {
          await model.load();
          model.grid?.invalidate();
        }
      } catch (failure) {
        if (stop) return;
        setError(message(failure));
        timer = setTimeout(() => void poll(), 2000);
      }
    };
    let timer = setTimeout(() => void poll(), 150);
    return () => {
      stop = true;
      clearTimeout(timer);
    };
  }, [started]);

  if (started) {
    return <Progress name={name} state={state} error={error} onCancel={() => preview && void model.api.write('POST', `/v1/imports/${preview.id}/cancel`).catch((failure: unknown) => setError(message(failure)))} onClose={onClose} onOpen={() => {
      const table = state?.table;
      onClose();
      if (table) model.go(table);
    }} />;
  }
  if (!preview) return <Choose busy={busy} error={error} onFile={(f) => void upload(f)} onClose={onClose} />;
  const table = tableOf(target);
  const names = namesOf(mapping, primary);
  const used = mapping.filter((m) => !m.skip).length;
  return (
    <Sheet title={`Import ${name}`} size="l" onClose={onClose} fixed
      sub={`${bytes(preview.bytes)} · ${counted(preview.total, { one: 'row', many: 'rows' })} · ${counted(preview.columns.length, { one: 'column', many: 'columns' })} · ${formatName(preview)}`}
      footer={<>
        {error ? <span className="why grow" role="alert">{error}</span> : <span className="grow muted">{used === preview.columns.length ? 'Every column comes in.' : `${used} of ${preview.columns.length} columns come in.`}</span>}
        <button type="button" className="btn" onClick={() => setPreview(undefined)}>Back</button>
        <button type="button" className="btn primary" disabled={busy !== '' || used === 0 || !isReady(mode, table, mapping) || (target.kind === 'new' && target.name.trim() === '')} onClick={() => void start()}>{target.kind === 'new' ? 'Create table' : mode.mode === 'replace' ? 'Replace all records' : 'Import rows'}</button>
      </>}>
      <div className="importbody">
        <Reading preview={preview} busy={busy !== ''} onChange={(choice) => void reread(choice)} />
        <Target target={target} onChange={retarget} />
        {table ? <ModeChoice mode={mode} table={table} mapping={mapping} mayDelete={model.may('delete')} onChange={setMode} /> : null}
        <MapTable preview={preview} target={target} mapping={mapping} names={names} onNames={setPrimary} onChange={setMapping} />
        {target.kind === 'new' && names !== undefined ? <p className="help">Each {nounOf(target.name).one} is called by its <b>{mapping.find((m) => m.column === names)?.name}</b>: links to it show that.</p> : null}
      </div>
    </Sheet>
  );
}

function Choose({ busy, error, onFile, onClose }: { busy: string; error: string; onFile: (file: File) => void; onClose: () => void }) {
  const [over, setOver] = useState(false);
  const [text, setText] = useState('');
  const paste = (value: string) => onFile(new File([value], value.includes('\t') ? 'Pasted rows.tsv' : 'Pasted rows.csv', { type: value.includes('\t') ? 'text/tab-separated-values' : 'text/csv' }));
  return (
    <Sheet title="Import" sub="CSV, Excel, JSON, or rows copied from a spreadsheet" onClose={onClose} footer={<>
      <button type="button" className="btn" onClick={onClose}>Cancel</button>
      <button type="button" className="btn primary" disabled={text.trim() === '' || busy !== ''} onClick={() => paste(text)}>Read the pasted rows</button>
    </>}>
      <div className="body stack">
        <label className={over ? 'dropzone over' : 'dropzone'} onDragOver={(e) => {
          e.preventDefault();
          setOver(true);
        }} onDragLeave={() => setOver(false)} onDrop={(e) => {
          e.preventDefault();
          setOver(false);
          const dropped = e.dataTransfer.files[0];
          if (dropped) onFile(dropped);
        }}>
          <Icon name="file-text" />
          <span><b>{busy || 'Drop a file here: CSV, TSV, Excel or JSON'}</b><br /><span className="muted">{busy ? 'This takes a moment for big files.' : 'or choose one from this device'}</span></span>
          <input type="file" className="sr" accept=".csv,.tsv,.txt,.xlsx,.xlsm,.json,.ndjson,.jsonl,text/csv,application/json" onChange={(e) => {
            const chosen = e.target.files?.[0];
            if (chosen) onFile(chosen);
          }} />
        </label>
        <div className="field">
          <label htmlFor="paste">Or paste rows</label>
          <textarea id="paste" className="input mono" rows={6} value={text} onChange={(e) => setText(e.target.value)} placeholder={'Name\tCity\tOpened\nHamburg Airport\tHamburg\t1911-01-08'} spellCheck={false} />
          <span className="help">The first row is the heading.</span>
        </div>
        {error ? <div className="notice bad" role="alert"><Icon name="circle-alert" />{error}</div> : null}
      </div>
    </Sheet>
  );
}
