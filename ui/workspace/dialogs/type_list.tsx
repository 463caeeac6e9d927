// Which type a field has: a list that is searched by typing, in groups, each type with a line that explains it. Arrows move, Enter takes.
import { useEffect, useRef, useState } from 'react';
import { type FieldType, kindIcon } from '../../grid/src/index.ts';
import { Icon } from '../ui/icon.tsx';
import { bestType, findTypes } from './field_types.ts';

export function TypeList({ value, onPick, onClose }: { value: FieldType; onPick: (type: FieldType) => void; onClose: () => void }) {
  const [text, setText] = useState('');
  const groups = findTypes(text);
  const flat = groups.flatMap((group) => group.types);
  const [active, setActive] = useState<FieldType>(value);
  const at = Math.max(0, flat.findIndex((info) => info.type === active));
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('.on')?.scrollIntoView({ block: 'nearest' });
  }, [at, text]);
  const current = flat[at];
  const move = (by: number) => setActive(flat[(at + by + flat.length) % flat.length]?.type ?? value);
  return (
    <div className="typelist">
      <div className="search">
        <Icon name="search" />
        <input className="input" role="combobox" autoFocus autoComplete="off" placeholder="Find a type" aria-label="Find a type" aria-expanded="true" aria-controls="type-options" aria-activedescendant={current ? `type-${current.type}` : undefined} value={text}
          onChange={(e) => {
            setText(e.target.value);
            const best = bestType(e.target.value);
            if (best) setActive(best);
          }}
          onKeyDown={(e) => {
            if (e.key === 'ArrowDown' || e.key === 'ArrowUp') move(e.key === 'ArrowDown' ? 1 : -1);
            else if (e.key === 'Enter' && current) onPick(current.type);
            else if (e.key === 'Escape') {
              e.stopPropagation();
              onClose();
            } else return;
            e.preventDefault();
          }} />
      </div>
      <div className="typeoptions" id="type-options" role="listbox" aria-label="Types" ref={list} tabIndex={-1}>
        {groups.map((group) => (
          <div role="group" aria-label={group.name} key={group.name}>
            <h4 aria-hidden="true">{group.name}</h4>
            {group.types.map((info) => (
              <div key={info.type} id={`type-${info.type}`} role="option" aria-selected={info.type === value} className={info.type === current?.type ? 'typeoption on' : 'typeoption'} onPointerDown={(e) => e.preventDefault()} onClick={() => onPick(info.type)}>
                <Icon name={kindIcon[info.type]} />
                <span className="grow"><b>{info.label}</b><span className="about">{info.about}</span></span>
                {info.type === value ? <Icon name="check" /> : null}
              </div>
            ))}
          </div>
        ))}
        {flat.length === 0 ? <p className="muted none" role="status">No type is called that.</p> : null}
      </div>
    </div>
  );
}
