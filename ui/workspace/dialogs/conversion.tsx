// What a change of a field's type keeps and loses, before it is done.
import { useState } from 'react';
import type { FieldType } from '../../grid/src/index.ts';
import { message } from '../api/client.ts';
import type { Conversion, Field } from '../api/types.ts';
import { counted, nounOf } from '../nouns.ts';
import { Icon } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';
import { typeLabel } from './field_types.ts';

interface Props {
  field: Field;
  to: FieldType;
  conversion: Conversion;
  /** Whether the rule of the field, or a part of it, is nothing for the new type. */
  losesRule: boolean;
  onBack: () => void;
  onConfirm: () => Promise<void>;
}

export function ConversionPreview({ field, to, conversion, losesRule, onBack, onConfirm }: Props) {
  const model = useModel();
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const { filled, lost, broken, samples } = conversion;
  const noun = nounOf(model.table?.name ?? '');
  const run = async () => {
    setBusy(true);
    try {
      await onConfirm();
    } catch (failure) {
      setError(message(failure));
      setBusy(false);
    }
  };
  return (
    <div className="fieldform conversion" role="group" aria-label="What the change keeps and loses">
      <div>
        <h3>Change {field.name} from {typeLabel(field.type).toLowerCase()} to {typeLabel(to).toLowerCase()}</h3>
        <p className="muted">Checked in all {noun.many}. Nothing is changed yet.</p>
      </div>
      <svg className="keepbar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect className="kept" width="100" height="6" />{lost > 0 ? <rect className="lost" x={100 - Math.max(1, (lost / filled) * 100)} width={Math.max(1, (lost / filled) * 100)} height="6" /> : null}</svg>
      <dl className="keeps">
        <div><dt><i className="dot kept" />Kept</dt><dd>{(filled - lost).toLocaleString()}</dd></div>
        <div><dt><i className="dot lost" />Left empty</dt><dd>{lost.toLocaleString()}</dd></div>
      </dl>
      {samples.length > 0 ? (
        <div className="tw">
          <table className="list samples">
            <thead><tr><th>Now</th><th>Then</th></tr></thead>
            <tbody>{samples.slice(0, 8).map((sample) => <tr key={sample.id}><td className="trunc" title={sample.before}>{sample.before}</td><td className="trunc">{sample.after === null ? <span className="lostword"><Icon name="triangle-alert" />empty</span> : sample.after}</td></tr>)}</tbody>
          </table>
        </div>
      ) : null}
      {losesRule ? <p className="notice" role="status"><Icon name="triangle-alert" />The rule of {field.name} is not for {typeLabel(to).toLowerCase()}: what does not fit of it goes.</p> : null}
      {broken > 0 ? <p className="notice" role="status"><Icon name="triangle-alert" />{counted(broken, { one: 'value breaks', many: 'values break' })} the rule. They stay as they are until somebody changes them.</p> : null}
      {lost > 0 ? <p className="muted">The old values stay in the history of each {noun.one}.</p> : null}
      {error ? <div className="notice bad" role="alert"><Icon name="circle-alert" />{error}</div> : null}
      <div className="row ends">
        <span className="grow" />
        <button type="button" className="btn" autoFocus onClick={onBack}>Back</button>
        <button type="button" className={lost > 0 ? 'btn danger' : 'btn primary'} disabled={busy} onClick={() => void run()}>{lost > 0 ? `Change type, empty ${counted(lost, { one: 'value', many: 'values' })}` : 'Change type'}</button>
      </div>
    </div>
  );
}
