// Links that show a view to people without an account: made, copied once, taken back. What a link shows is what its maker sees of the view.
import { type FormEvent, useEffect, useState } from 'react';
import { message } from '../api/client.ts';
import type { ShareInfo, ViewInfo } from '../api/types.ts';
import { Sheet } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { Select } from '../ui/select.tsx';
import { useModel } from '../use_model.ts';

const DAY = 86_400_000;
const ENDS: { days: number; label: string }[] = [
  { days: 0, label: 'It does not end' }, { days: 1, label: 'After a day' }, { days: 7, label: 'After a week' }, { days: 30, label: 'After 30 days' }, { days: 365, label: 'After a year' },
];
const SHORTEST = 8;

const day = (at: string): string => new Date(at).toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' });

/** What a link asks and gives, in words. */
function facts(share: ShareInfo): string {
  const end = share.expires_at === null ? 'does not end' : new Date(share.expires_at).getTime() < Date.now() ? `ended ${day(share.expires_at)}` : `ends ${day(share.expires_at)}`;
  return [share.password ? 'with a password' : 'without a password', end, share.downloads ? 'CSV and calendar' : 'no files'].join(', ');
}

export default function ShareDialog({ view, onClose }: { view: ViewInfo; onClose: () => void }) {
  const model = useModel();
  const path = `/v1/views/${view.id}/shares`;
  const [shares, setShares] = useState<ShareInfo[]>();
  const [fresh, setFresh] = useState<ShareInfo>();
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const [password, setPassword] = useState('');
  const [short, setShort] = useState(false);
  const [days, setDays] = useState(0);
  const [downloads, setDownloads] = useState(false);

  useEffect(() => {
    model.api.get<{ data: ShareInfo[] }>(path).then((answer) => setShares(answer.data.data)).catch((failure: unknown) => setError(message(failure)));
  }, [path, model]);

  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setError('');
    try {
      await work();
    } catch (failure) {
      setError(message(failure));
    }
    setBusy(false);
  };
  const create = (event: FormEvent) => {
    event.preventDefault();
    if (password !== '' && password.length < SHORTEST) return setShort(true);
    void attempt(async () => {
      const expires_at = days === 0 ? null : new Date(Date.now() + days * DAY).toISOString();
      const made = (await model.api.write<ShareInfo>('POST', path, { password: password === '' ? null : password, expires_at, downloads })).data;
      setFresh(made);
      setShares([made, ...(shares ?? [])]);
      setPassword('');
    });
  };
  const change = (share: ShareInfo, part: { downloads: boolean }) => void attempt(async () => {
    const changed = (await model.api.write<ShareInfo>('PATCH', `${path}/${share.id}`, part)).data;
    setShares((known) => known?.map((one) => (one.id === share.id ? changed : one)));
  });
  const revoke = (share: ShareInfo) => void attempt(async () => {
    await model.api.write('DELETE', `${path}/${share.id}`);
    setShares((known) => known?.filter((one) => one.id !== share.id));
    if (fresh?.id === share.id) setFresh(undefined);
  });
  const copy = (url: string) => void navigator.clipboard.writeText(url).then(() => model.notice({ kind: 'info', text: `The link to ${view.name} is on the clipboard.` }));

  return (
    <Sheet title={`Links to ${view.name}`} sub="Whoever has a link sees this view, read only, without an account. Hidden fields stay hidden." onClose={onClose}>
      <div className="body stack">
        {fresh?.url ? (
          <div className="field">
            <label htmlFor="share-url">The new link. It is shown this once.</label>
            <div className="newlink"><input id="share-url" className="input" readOnly value={fresh.url} onFocus={(e) => e.target.select()} /><button type="button" className="btn primary" onClick={() => copy(fresh.url ?? '')}><Icon name="copy" />Copy</button></div>
          </div>
        ) : (
          <form className="stack" onSubmit={create}>
            <div className={`field${short ? ' error' : ''}`}>
              <label htmlFor="share-password">Password <span className="muted">(optional)</span></label>
              <input id="share-password" className="input" type="text" autoComplete="off" value={password} maxLength={200} aria-invalid={short} aria-describedby={short ? 'share-short' : undefined} onChange={(e) => {
                setPassword(e.target.value);
                setShort(false);
              }} />
              {short ? <span className="help" id="share-short" role="alert">A password has at least {SHORTEST} characters.</span> : null}
            </div>
            <div className="field"><span className="label" aria-hidden="true">End</span><Select label="End" value={String(days)} onChange={(value) => setDays(Number(value))}>{ENDS.map((end) => <option key={end.days} value={end.days}>{end.label}</option>)}</Select></div>
            <label className="row"><input type="checkbox" checked={downloads} onChange={(e) => setDownloads(e.target.checked)} />Also as CSV and as a calendar feed</label>
            <div><button type="submit" className="btn primary" disabled={busy}>Create link</button></div>
          </form>
        )}
        {error ? <div className="notice bad" role="alert"><Icon name="circle-alert" />{error}</div> : null}
        {shares !== undefined && shares.length > 0 ? (
          <ul className="shares" aria-label={`Links to ${view.name}`}>
            {shares.map((share) => (
              <li key={share.id}>
                <div className="what"><b>Made {day(share.created_at)}</b><span className="muted s12">{facts(share)}</span></div>
                <button type="button" className="btn sm" disabled={busy} onClick={() => change(share, { downloads: !share.downloads })}>{share.downloads ? 'Give no files' : 'Give files'}</button>
                <button type="button" className="btn sm danger" disabled={busy} onClick={() => revoke(share)}>Take back</button>
              </li>
            ))}
          </ul>
        ) : shares !== undefined ? <p className="muted">There is no link to this view yet.</p> : null}
      </div>
    </Sheet>
  );
}
