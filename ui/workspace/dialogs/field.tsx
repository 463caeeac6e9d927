// Adding or changing a field: its name, its type, what the type needs to know, what is asked of its cells. A change of the type shows first what
// would be lost. What was typed stays when the server refuses it.
import { type FormEvent, useRef, useState } from 'react';
import { type FieldType, kindIcon } from '../../grid/src/index.ts';
import { ApiError, message } from '../api/client.ts';
import type { Conversion, Field, FieldOptions } from '../api/types.ts';
import { counted } from '../nouns.ts';
import { Icon } from '../ui/icon.tsx';
import type { FieldChange } from '../model.ts';
import { useModel } from '../use_model.ts';
import { ConversionPreview } from './conversion.tsx';
import { TypeOptions } from './field_options.tsx';
import { FieldRule } from './field_rule.tsx';
import { losesRule } from './field_rule_parts.ts';
import { Rules } from './field_rules.tsx';
import { infoOf, READ_ONLY, sentOptions, startOptions, typeLabel } from './field_types.ts';
import { TypeList } from './type_list.tsx';

interface Refusal {
  name: string;
  options: string;
}

/** Where a refusal belongs: at the name, or below the options. */
function refusalOf(failure: unknown): Refusal {
  const at = failure instanceof ApiError ? failure.fields[0]?.pointer ?? '' : '';
  return /\/name$/.test(at) ? { name: message(failure), options: '' } : { name: '', options: message(failure) };
}

export default function FieldDialog({ field, onClose }: { field?: Field; onClose: () => void }) {
  const model = useModel();
  const { table } = model;
  const tables = model.base?.tables ?? [];
  const [name, setName] = useState(field?.name ?? '');
  const [type, setType] = useState<FieldType>(field?.type ?? 'text');
  const [options, setOptions] = useState<FieldOptions>(field?.options ?? {});
  const [description, setDescription] = useState(field?.description ?? '');
  const [choosing, setChoosing] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>({ name: '', options: '' });
  const [busy, setBusy] = useState(false);
  const [preview, setPreview] = useState<{ conversion: Conversion; change: FieldChange }>();
  /** The rule of which it was said how many values break it, and how many. */
  const [broken, setBroken] = useState<{ rule: string; count: number }>();
  const typeButton = useRef<HTMLButtonElement>(null);
  if (!table) return null;

  const pick = (next: FieldType) => {
    setChoosing(false);
    if (next !== type) {
      const fresh = next === field?.type ? field.options ?? {} : startOptions(next, table, tables);
      // Choices stay between the two selects, decimals between numbers; the rules stay where the type may have them.
      const { choices, precision, required, unique, validation } = options;
      const rules = READ_ONLY.has(next) ? {} : { required, unique, validation };
      const choosers = next === 'select' || next === 'multi_select';
      setOptions({ ...rules, ...(precision !== undefined ? { precision } : {}), ...fresh, ...(choosers && choices?.length ? { choices } : {}) });
      setType(next);
      setRefusal({ name: '', options: '' });
    }
    requestAnimationFrame(() => typeButton.current?.focus({ preventScroll: true }));
  };
  const converts = field !== undefined && field.type !== type;

  const apply = async (change: FieldChange) => {
    if (!field) return;
    await model.changeField(field.id, change);
    onClose();
  };
  /** How many values break the rule; none where that is not told, to who sees some records only. */
  const brokenBy = async (change: FieldChange): Promise<number> => {
    if (!field) return 0;
    try {
      return (await model.conversion(field.id, change)).broken;
    } catch (failure) {
      if (failure instanceof ApiError && failure.status === 403) return 0;
      throw failure;
    }
  };
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const linked = type === 'link' ? tables.find((one) => one.id === options.table)?.name : undefined;
    const wanted = name.trim() || linked || (field ? '' : typeLabel(type));
    if (wanted === '') return setRefusal({ name: 'Give the field a name.', options: '' });
    setBusy(true);
    setRefusal({ name: '', options: '' });
    try {
      const sent = sentOptions(type, options);
      if (!field) {
        await model.addField({ name: wanted, type, options: sent, description: description.trim() });
        return onClose();
      }
      const before = sentOptions(field.type, field.options ?? {});
      const changed = converts || JSON.stringify(sent) !== JSON.stringify(before);
      const change: FieldChange = {
        ...(wanted !== field.name ? { name: wanted } : {}), ...(converts ? { type } : {}), ...(changed ? { options: sent } : {}),
        ...(description.trim() !== (field.description ?? '') ? { description: description.trim() } : {}),
      };
      if (Object.keys(change).length === 0) return onClose();
      if (converts) {
        const conversion = await model.conversion(field.id, change);
        if (conversion.filled > 0 || losesRule(before.validation, sent.validation)) return setPreview({ conversion, change });
      }
      const rule = JSON.stringify(sent.validation);
      if (!converts && changed && sent.validation && rule !== JSON.stringify(before.validation) && broken?.rule !== rule) {
        const count = await brokenBy(change);
        if (count > 0) return setBroken({ rule, count });
      }
      await apply(change);
    } catch (failure) {
      setRefusal(refusalOf(failure));
    } finally {
      setBusy(false);
    }
  };

  if (preview && field) {
    return <ConversionPreview field={field} to={type} conversion={preview.conversion} losesRule={losesRule(field.options?.validation, preview.change.options?.validation)} onBack={() => {
      setPreview(undefined);
      requestAnimationFrame(() => typeButton.current?.focus());
    }} onConfirm={() => apply(preview.change)} />;
  }
  const wide = type === 'formula' || type === 'button';
  return (
    <form className={wide ? 'fieldform wide' : 'fieldform'} onSubmit={save}>
      <div className={`field${refusal.name ? ' error' : ''}`}>
        <label htmlFor="field-name">Name</label>
        <input id="field-name" className="input" autoFocus autoComplete="off" maxLength={100} value={name} onChange={(e) => setName(e.target.value)} placeholder={field ? undefined : typeLabel(type)} aria-invalid={refusal.name !== ''} aria-describedby={refusal.name ? 'field-error' : undefined} />
        {refusal.name ? <span className="help" id="field-error" role="alert">{refusal.name}</span> : null}
      </div>
      <div className="field">
        <span className="label" id="field-type">Type</span>
        {choosing ? <TypeList value={type} onPick={pick} onClose={() => pick(type)} /> : (
          <button type="button" ref={typeButton} className="typebutton" id="type-button" aria-labelledby="field-type type-button" aria-haspopup="listbox" onClick={() => setChoosing(true)}><Icon name={kindIcon[type]} /><span className="grow">{typeLabel(type)}</span><Icon name="chevron-down" /></button>
        )}
        {choosing ? null : <span className="help">{infoOf(type).about}.</span>}
      </div>
      {choosing ? null : (
        <>
          <TypeOptions type={type} options={options} table={table} field={field} onChange={setOptions} />
          <Rules type={type} options={options} description={description} onOptions={setOptions} onDescription={setDescription} />
          <FieldRule key={type} type={type} table={table} field={field} options={options} onOptions={setOptions} />
          {broken && broken.rule === JSON.stringify(sentOptions(type, options).validation) ? <p className="notice" role="status"><Icon name="triangle-alert" />{counted(broken.count, { one: 'value breaks', many: 'values break' })} this rule. They stay as they are until somebody changes them.</p> : null}
          {converts && field ? <p className="notice">Before anything changes you see what becomes of the values of {field.name}.</p> : null}
          {refusal.options ? <div className="notice bad" role="alert"><Icon name="circle-alert" />{refusal.options}</div> : null}
          <div className="row ends">
            <span className="grow" />
            <button type="button" className="btn" onClick={onClose}>Cancel</button>
            <button type="submit" className="btn primary" disabled={busy}>{field ? (converts ? 'Check the change' : broken ? 'Save the rule' : 'Save field') : 'Add field'}</button>
          </div>
        </>
      )}
    </form>
  );
}
