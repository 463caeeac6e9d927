// The files of a cell: added by drop, paste or choice with their progress; opened, named, moved, taken out, saved.
import { type ChangeEvent, type DragEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { type CellValue, type FileRef } from '../../grid/src/index.ts';
import { endingOf, filesOf, sizeText } from '../../grid/src/cells/files.ts';
import { message } from '../api/client.ts';
import { Cancelled, type Upload, uploadFile } from '../api/upload.ts';
import { Icon } from '../ui/icon.tsx';
import { type Items, MenuButton } from '../ui/menu.tsx';
import { useModel } from '../use_model.ts';
import type { EditorProps } from './editors.tsx';
import { Lightbox } from './lightbox.tsx';

interface Waiting {
  key: number;
  name: string;
  share: number;
  why?: string;
  upload?: Upload;
}

let count = 0;

export function Files({ field, value, onSave, given }: EditorProps & { given?: File[] }) {
  const model = useModel();
  const files = filesOf(value);
  const [waiting, setWaiting] = useState<Waiting[]>([]);
  const [shown, setShown] = useState<number>();
  const [naming, setNaming] = useState<string>();
  const [over, setOver] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  // Several uploads end one after the other; each adds to what the ones before have made.
  const latest = useRef(files);
  latest.current = files;
  const writes = !field.read_only;
  const root = useRef<HTMLDivElement>(null);
  /** What had the focus goes away: without this, Escape and Tab would begin at the page. A menu that closes gives the focus back late. */
  const settle = (to = '.btn.sm:not(.icon)') => {
    for (const wait of [50, 200, 600]) {
      setTimeout(() => {
        if (document.activeElement === document.body) root.current?.querySelector<HTMLElement>(to)?.focus();
      }, wait);
    }
  };
  const save = (next: FileRef[]) => {
    latest.current = next;
    onSave(next as CellValue);
  };
  const change = (key: number, part: Partial<Waiting>) => setWaiting((all) => all.map((one) => (one.key === key ? { ...one, ...part } : one)));
  const drop = (key: number) => setWaiting((all) => all.filter((one) => one.key !== key));
  const add = (list: readonly File[]) => {
    for (const file of list) {
      const key = (count += 1);
      const upload = uploadFile(model.api, file, file.name || 'pasted.png', (share) => change(key, { share }));
      setWaiting((all) => [...all, { key, name: file.name || 'pasted.png', share: 0, upload }]);
      upload.done.then((made) => {
        drop(key);
        save([...latest.current, made]);
      }).catch((error: unknown) => (error instanceof Cancelled ? drop(key) : change(key, { why: message(error), upload: undefined })));
    }
  };
  const first = useRef(given);
  useEffect(() => {
    add(first.current ?? []);
    first.current = [];
  }, []);
  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    add([...(event.target.files ?? [])]);
    event.target.value = '';
  };
  const move = (at: number, by: number) => {
    const next = [...files];
    const [one] = next.splice(at, 1);
    if (one) next.splice(at + by, 0, one);
    save(next);
  };
  const rename = (at: number, name: string) => {
    setNaming(undefined);
    settle(`li:nth-child(${at + 1}) .thumb`);
    const old = files[at];
    if (old && name.trim() !== '' && name.trim() !== old.filename) save(files.map((one, i) => (i === at ? { ...one, filename: name.trim() } : one)));
  };
  const menu = (file: FileRef, at: number): Items => [
    { id: 'open', label: 'Open', icon: 'maximize-2', run: () => setShown(at) },
    { id: 'save', label: 'Download', icon: 'download', run: () => location.assign(`${file.url}?download=1`) },
    ...(writes ? ([
      { id: 'name', label: 'Rename', icon: 'pencil', run: () => setNaming(file.id) },
      ...(at > 0 ? [{ id: 'up', label: 'Move up', icon: 'arrow-up' as const, run: () => move(at, -1) }] : []),
      ...(at < files.length - 1 ? [{ id: 'down', label: 'Move down', icon: 'arrow-down' as const, run: () => move(at, 1) }] : []),
      'line', { id: 'remove', label: 'Remove', icon: 'trash-2', danger: true, run: () => {
        save(files.filter((one) => one !== file));
        settle();
      } },
    ] as Items) : []),
  ];
  const dragging = (on: boolean) => (event: DragEvent) => {
    if (!writes || !event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setOver(on);
  };
  return (
    <div ref={root} className={over ? 'files over' : 'files'} role="group" aria-labelledby={`label-${field.id}`} onDragEnter={dragging(true)} onDragOver={dragging(true)} onDragLeave={dragging(false)}
      onDrop={(event) => {
        dragging(false)(event);
        if (writes) add([...event.dataTransfer.files]);
      }}
      onPaste={(event) => {
        if (!writes || event.clipboardData.files.length === 0) return;
        event.preventDefault();
        add([...event.clipboardData.files]);
      }}>
      <ul>
        {files.map((file, at) => (
          <li key={file.id || file.url}>
            <button type="button" className="thumb" aria-label={`Open ${file.filename}`} onClick={() => setShown(at)}>{file.thumbnails ? <img src={file.thumbnails.small.url} alt="" /> : <span>{endingOf(file)}</span>}</button>
            {naming === file.id ? <Name file={file} onDone={(name) => rename(at, name)} /> : <span className="what"><b className="trunc" title={file.filename}>{file.filename}</b><span className="muted">{file.size === undefined ? '' : sizeText(file.size)}{file.width ? ` · ${file.width} × ${file.height ?? ''}` : ''}</span></span>}
            <MenuButton label={`More of ${file.filename}`} className="btn ghost sm icon" end items={menu(file, at)}><Icon name="ellipsis" /></MenuButton>
          </li>
        ))}
        {waiting.map((one) => (
          <li key={one.key}>
            <span className="thumb"><span>{endingOf({ filename: one.name })}</span></span>
            <span className="what"><b className="trunc">{one.name}</b>{one.why ? <span className="why" role="alert">{one.why}</span> : <progress aria-label={`Uploading ${one.name}`} max={1} value={one.share} />}</span>
            <button type="button" className="btn ghost sm icon" aria-label={one.why ? `Dismiss ${one.name}` : `Cancel ${one.name}`} onClick={() => {
              if (one.upload) one.upload.cancel();
              else drop(one.key);
              settle();
            }}><Icon name="x" /></button>
          </li>
        ))}
      </ul>
      {writes ? (
        <>
          <button type="button" className="btn sm" onClick={() => chooser.current?.click()}><Icon name="paperclip" />Add files</button>
          <input ref={chooser} type="file" multiple hidden aria-label={`Files for ${field.name}`} onChange={choose} />
          <span className="muted hint">or drop or paste them here</span>
        </>
      ) : files.length === 0 ? <span className="muted">No files</span> : null}
      {shown !== undefined && files[shown] ? <Lightbox files={files} at={shown} onMove={setShown} onClose={() => setShown(undefined)} /> : null}
    </div>
  );
}

function Name({ file, onDone }: { file: FileRef; onDone: (name: string) => void }) {
  const [name, setName] = useState(file.filename);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    box.current?.focus();
    box.current?.setSelectionRange(0, Math.max(0, file.filename.lastIndexOf('.')) || file.filename.length);
  }, []);
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Enter') onDone(name);
    else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      onDone(file.filename);
    }
  };
  return <input ref={box} className="input" aria-label={`Name of ${file.filename}`} maxLength={200} value={name} onChange={(e) => setName(e.target.value)} onKeyDown={key} onBlur={() => onDone(name)} />;
}
