// What happened, with the way out of it, for ten seconds; errors are read out at once.
import { useModel } from '../use_model.ts';
import { Icon } from './icon.tsx';

export function Toasts() {
  const model = useModel();
  return (
    <div className="toasts" role="region" aria-label="Notices" aria-live="polite">
      {model.toasts.map((toast) => (
        <div key={toast.id} className={`toast ${toast.kind}`} role={toast.kind === 'error' ? 'alert' : 'status'}>
          <Icon name={toast.kind === 'error' ? 'circle-alert' : 'info'} />
          <span className="grow">{toast.text}</span>
          {toast.action ? (
            <button type="button" className="btn sm" onClick={() => {
              model.dismiss(toast.id);
              toast.action?.run();
            }}>{toast.action.label}</button>
          ) : null}
          <button type="button" className="btn ghost sm icon" aria-label="Dismiss" onClick={() => model.dismiss(toast.id)}><Icon name="x" /></button>
        </div>
      ))}
    </div>
  );
}
