// A signature: drawn with a finger, a pen or the mouse, or typed, for whoever does not draw. It is kept as a picture whose name says whose it is.
import { type PointerEvent, useEffect, useRef, useState } from 'react';
import type { CellValue } from '../../grid/src/index.ts';
import { filesOf } from '../../grid/src/cells/files.ts';
import { message } from '../api/client.ts';
import { uploadFile } from '../api/upload.ts';
import { Icon } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';
import type { EditorProps } from './editors.tsx';

/** Of the picture, in pixels. */
const [WIDTH, HEIGHT] = [720, 240];
const INK = '#14213d';

export function Signature({ field, value, onSave }: EditorProps) {
  const [signing, setSigning] = useState(false);
  const file = filesOf(value)[0];
  const again = useRef<HTMLButtonElement>(null);
  const was = useRef(false);
  // What had the focus is gone with the pad: without this, Escape and Tab would begin at the page.
  useEffect(() => {
    if (was.current && !signing) again.current?.focus();
    was.current = signing;
  }, [signing]);
  if (signing) return <Pad {...{ field, value, onSave }} onDone={() => setSigning(false)} />;
  return (
    <div className="signature" role="group" aria-labelledby={`label-${field.id}`}>
      {file?.thumbnails ? <><img src={file.thumbnails.large.url} alt={file.filename.replace(/\.png$/, '')} /><span className="muted">{file.filename.replace(/\.png$/, '')}</span></> : null}
      <div className="row">
        <button ref={again} type="button" className="btn sm" onClick={() => setSigning(true)}><Icon name="signature" />{file ? 'Sign anew' : 'Sign'}</button>
        {file ? <button type="button" className="btn ghost sm" onClick={() => {
          again.current?.focus();
          onSave(null);
        }}>Remove</button> : null}
      </div>
    </div>
  );
}

function Pad({ field, onSave, onDone }: EditorProps & { onDone: () => void }) {
  const model = useModel();
  const canvas = useRef<HTMLCanvasElement>(null);
  const pad = useRef<HTMLDivElement>(null);
  useEffect(() => pad.current?.focus(), []);
  const [name, setName] = useState(model.config.user);
  const [drawn, setDrawn] = useState(false);
  const [typed, setTyped] = useState(false);
  const [why, setWhy] = useState('');
  const [busy, setBusy] = useState(false);
  const last = useRef<{ x: number; y: number }>(undefined);
  const pen = () => canvas.current?.getContext('2d') ?? undefined;
  const clear = () => {
    pen()?.clearRect(0, 0, WIDTH, HEIGHT);
    setDrawn(false);
  };
  const place = (event: PointerEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * WIDTH, y: ((event.clientY - box.top) / box.height) * HEIGHT };
  };
  const draw = (event: PointerEvent<HTMLCanvasElement>) => {
    const from = last.current;
    const to = place(event);
    const ink = pen();
    if (!from || !ink) return;
    ink.strokeStyle = INK;
    ink.lineCap = 'round';
    ink.lineWidth = event.pressure > 0 && event.pointerType === 'pen' ? 2 + 4 * event.pressure : 4;
    ink.beginPath();
    ink.moveTo(from.x, from.y);
    ink.lineTo(to.x, to.y);
    ink.stroke();
    last.current = to;
    setDrawn(true);
  };
  useEffect(() => {
    if (drawn) setWhy('');
  }, [drawn]);
  useEffect(() => {
    if (!typed) return;
    const ink = pen();
    if (!ink) return;
    ink.clearRect(0, 0, WIDTH, HEIGHT);
    ink.fillStyle = INK;
    ink.textAlign = 'center';
    ink.textBaseline = 'middle';
    let size = 96;
    const font = () => (ink.font = `italic ${size}px "Snell Roundhand", "Segoe Script", "Brush Script MT", cursive`);
    for (font(); ink.measureText(name).width > WIDTH - 48 && size > 20; size -= 4) font();
    ink.fillText(name, WIDTH / 2, HEIGHT / 2);
    setDrawn(name.trim() !== '');
  }, [typed, name]);
  const sign = () => {
    const who = name.trim();
    if (who === '') return setWhy('Say whose signature it is.');
    if (!drawn) return setWhy('Draw the signature, or have the name written.');
    setBusy(true);
    setWhy('');
    canvas.current?.toBlob((picture) => {
      if (!picture) return setBusy(false);
      uploadFile(model.api, picture, `${who}.png`, () => undefined).done.then((file) => {
        onSave(file as CellValue);
        onDone();
      }).catch((error: unknown) => {
        setWhy(message(error));
        setBusy(false);
      });
    }, 'image/png');
  };
  return (
    <div ref={pad} tabIndex={-1} className="signature" role="group" aria-label={`Sign ${field.name}`}>
      <canvas ref={canvas} width={WIDTH} height={HEIGHT} role="img" aria-label={drawn ? (typed ? `${name}, written` : 'A drawn signature') : 'Empty; draw here'}
        onPointerDown={(event) => {
          if (typed) {
            setTyped(false);
            clear();
          }
          event.currentTarget.setPointerCapture(event.pointerId);
          last.current = place(event);
          draw(event);
        }}
        onPointerMove={draw} onPointerUp={() => (last.current = undefined)} onPointerCancel={() => (last.current = undefined)} />
      <label className="field"><span className="label">Name</span><input className="input" value={name} maxLength={120} autoComplete="name" onChange={(e) => setName(e.target.value)} /></label>
      <label className="row"><input type="checkbox" checked={typed} onChange={(e) => {
        clear();
        setTyped(e.target.checked);
      }} />Write my name instead of drawing</label>
      {why ? <span className="why" role="alert">{why}</span> : null}
      <div className="row">
        <button type="button" className="btn primary sm" disabled={busy} onClick={sign}>Sign</button>
        <button type="button" className="btn sm" onClick={clear}>Clear</button>
        <button type="button" className="btn ghost sm" onClick={onDone}>Cancel</button>
      </div>
    </div>
  );
}
