// Says that the page shows the past, which moment, and how to get back.
import { useEffect, useState } from 'react';
import { Icon } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';
import { momentText } from '../dialogs/past_text.ts';

export function PastBanner({ moment }: { moment: string }) {
  const model = useModel();
  // The header's height is the banner's to tell: the frame makes room for it.
  const [frame] = useState(() => document.getElementById('workspace'));
  useEffect(() => {
    frame?.classList.add('past');
    return () => frame?.classList.remove('past');
  }, [frame]);
  return (
    <div className="pastline" role="status">
      <Icon name="history" />
      <span className="trunc">You are looking at <b>{model.base?.name ?? 'this base'}</b> as of {momentText(moment)}. Nothing can be changed here.</span>
      <button type="button" className="btn sm" onClick={() => model.show({ kind: 'past' })}>Another time</button>
      <button type="button" className="btn sm primary" onClick={() => model.lookAt(undefined)}>Back to now</button>
    </div>
  );
}
