// What those see who may not change views, and everybody in a locked one: that their filter, groups, sort and hidden fields are theirs alone, and the way back to the saved view.
import { nounOf } from '../nouns.ts';
import { Icon } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';

/** In a panel, before something is changed. */
export function OwnHint() {
  const model = useModel();
  if (model.savesLook) return null;
  const locked = model.view?.access === 'locked';
  return <p className="own muted"><Icon name={locked ? 'lock' : 'eye'} />{locked ? 'This view is locked. ' : ''}Only you see this. It is not saved, and ends when you leave the page.</p>;
}

/** In the toolbar, when something is. */
export function OwnReset() {
  const model = useModel();
  if (!model.ownLook) return null;
  const { many } = nounOf(model.table?.name ?? '');
  return (
    <span className="ownlook">
      <span className="hide-s" role="status">Only for you, not saved</span>
      <button type="button" className="btn ghost sm" aria-label={`Reset: show ${many} as ${model.view?.name ?? 'the view'} is saved`} onClick={() => {
        model.resetLook();
        model.grid?.focus();
      }}><Icon name="undo-2" /><span className="hide-s">Reset</span></button>
    </span>
  );
}
