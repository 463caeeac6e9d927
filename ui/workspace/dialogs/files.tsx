// The files, or the signature, of one cell of the grid.
import { useEffect, useState } from 'react';
import { type CellValue, kindIcon, type Row } from '../../grid/src/index.ts';
import { message } from '../api/client.ts';
import { readRecord } from '../read_record.ts';
import { Files } from '../record/files.tsx';
import { Signature } from '../record/signature.tsx';
import { Sheet } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { useModel } from '../use_model.ts';

export default function FilesDialog({ record, field: id, given, onClose }: { record: string; field: string; given: File[]; onClose: () => void }) {
  const model = useModel();
  const { table } = model;
  const [row, setRow] = useState<Row>();
  const [why, setWhy] = useState('');
  const field = model.field(id);
  useEffect(() => {
    if (!table) return undefined;
    const stop = new AbortController();
    readRecord(model, table, record, stop.signal).then((read) => setRow(read.row)).catch((error: unknown) => !stop.signal.aborted && setWhy(message(error)));
    return () => stop.abort();
  }, [record, model.pulse]);
  if (!table || !field) return null;
  const save = (value: CellValue) => {
    if (!row) return;
    setRow({ ...row, cells: { ...row.cells, [id]: value } });
    model.grid?.write({ record, field: id, before: row.cells[id] ?? null, after: value });
  };
  const props = { field: model.may('write') ? field : { ...field, read_only: true }, value: row?.cells[id] ?? null, onSave: save };
  return (
    <Sheet title={field.name} onClose={onClose} size="s">
      <div className="body filesof">
        <span id={`label-${field.id}`} hidden><Icon name={kindIcon[field.type]} />{field.name}</span>
        {why ? <p className="why" role="alert">{why}</p> : row ? field.type === 'signature' ? <Signature {...props} /> : <Files {...props} given={given} /> : <span className="bone" />}
      </div>
    </Sheet>
  );
}
