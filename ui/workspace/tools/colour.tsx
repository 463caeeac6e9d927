// What gives a record its colour: the choice in one of its fields.
import { Icon } from '../ui/icon.tsx';
import { type Items, MenuButton } from '../ui/menu.tsx';
import { useModel } from '../use_model.ts';
import { shapeOf } from '../values.ts';

export function ColourButton() {
  const model = useModel();
  const { table, colour } = model;
  const fields = (table?.fields ?? []).filter((f) => shapeOf(f).kind === 'select');
  if (fields.length === 0) return null;
  const set = (field: string | undefined) => void model.setView({ colour: field === undefined ? null : { field } }, false);
  const items: Items = [
    ...fields.map((f) => ({ id: f.id, label: `By ${f.name}`, on: f.id === colour?.id, run: () => set(f.id) })),
    'line',
    { id: 'none', label: 'No colour', on: !colour, run: () => set(undefined) },
  ];
  return <MenuButton label={colour ? `Colour: ${colour.name}` : 'Colour'} className={`btn ghost sm hide-s${colour ? ' on' : ''}`} items={items}><Icon name="palette" />Colour</MenuButton>;
}
