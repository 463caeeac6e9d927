// The two small questions: a name, and "is this to be lost?".
import { type FormEvent, type ReactNode, useState } from 'react';
import { message } from '../api/client.ts';
import { Sheet } from './dialog.tsx';
import { Icon } from './icon.tsx';

export function AskName({ title, label, value = '', button, onSave, onClose }: { title: string; label: string; value?: string; button: string; onSave: (name: string) => Promise<void>; onClose: () => void }) {
  const [name, setName] = useState(value);
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === '') return setError('Give it a name.');
    setBusy(true);
    try {
      await onSave(name.trim());
      onClose();
    } catch (failure) {
      setError(message(failure));
      setBusy(false);
    }
  };
  return (
    <Sheet title={title} size="s" onClose={onClose}>
      <form onSubmit={save}>
        <div className="body">
          <div className={`field${error ? ' error' : ''}`}>
            <label htmlFor="ask-name">{label}</label>
            <input id="ask-name" className="input" value={name} onChange={(e) => setName(e.target.value)} autoFocus autoComplete="off" maxLength={120} aria-describedby={error ? 'ask-error' : undefined} aria-invalid={error !== ''} onFocus={(e) => e.target.select()} />
            {error ? <span className="help" id="ask-error" role="alert">{error}</span> : null}
          </div>
        </div>
        <footer>
          <button type="button" className="btn" onClick={onClose}>Cancel</button>
          <button type="submit" className="btn primary" disabled={busy}>{button}</button>
        </footer>
      </form>
    </Sheet>
  );
}

export function Confirm({ title, children, button, onConfirm, onClose }: { title: string; children: ReactNode; button: string; onConfirm: () => Promise<void>; onClose: () => void }) {
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (failure) {
      setError(message(failure));
      setBusy(false);
    }
  };
  return (
    <Sheet title={title} size="s" onClose={onClose} footer={<>
      <button type="button" className="btn" onClick={onClose} autoFocus>Cancel</button>
      <button type="button" className="btn danger" onClick={() => void run()} disabled={busy}>{button}</button>
    </>}>
      <div className="body stack">
        {children}
        {error ? <div className="notice bad" role="alert"><Icon name="circle-alert" />{error}</div> : null}
      </div>
    </Sheet>
  );
}
