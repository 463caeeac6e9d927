// One file large, with the next and the one before: arrows move, Escape closes. What is no picture says what it is, and is saved.
import { useEffect, useState } from 'react';
import { Dialog, Modal, ModalOverlay } from 'react-aria-components';
import type { FileRef } from '../../grid/src/index.ts';
import { endingOf, sizeText } from '../../grid/src/cells/files.ts';
import { Icon } from '../ui/icon.tsx';

export function Lightbox({ files, at, onMove, onClose }: { files: FileRef[]; at: number; onMove: (at: number) => void; onClose: () => void }) {
  const file = files[at];
  const [broken, setBroken] = useState('');
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const to = event.key === 'ArrowRight' ? at + 1 : event.key === 'ArrowLeft' ? at - 1 : event.key === 'Home' ? 0 : event.key === 'End' ? files.length - 1 : at;
      if (to === at || !files[to]) return;
      event.preventDefault();
      event.stopPropagation();
      onMove(to);
    };
    addEventListener('keydown', key, true);
    return () => removeEventListener('keydown', key, true);
  }, [at, files.length]);
  if (!file) return null;
  const picture = file.thumbnails && broken !== file.url;
  return (
    <ModalOverlay className="scrim light" isOpen isDismissable onOpenChange={(open) => !open && onClose()}>
      <Modal className="lightbox">
        <Dialog aria-label={file.filename}>
          <header>
            <b className="trunc">{file.filename}</b>
            <span className="muted num" role="status">{at + 1} of {files.length}</span>
            <span className="grow" />
            <a className="btn ghost sm" href={`${file.url}?download=1`} download aria-label="Download"><Icon name="download" /><span>Download</span></a>
            <button type="button" className="btn ghost sm icon" aria-label="Close" onClick={onClose}><Icon name="x" /></button>
          </header>
          <div className="picture">
            {picture ? <img src={file.url} alt={file.filename} width={file.width} height={file.height} onError={() => setBroken(file.url)} /> : (
              <div className="empty">
                <span className="ending">{endingOf(file)}</span>
                <p>{broken === file.url ? 'This picture could not be loaded. Its address may have ended: close it and open the record again.' : `${file.size === undefined ? '' : `${sizeText(file.size)}. `}Download it to open it.`}</p>
              </div>
            )}
            <button type="button" className="btn icon back" aria-label="Previous file" disabled={at === 0} onClick={() => onMove(at - 1)}><Icon name="chevron-left" /></button>
            <button type="button" className="btn icon next" aria-label="Next file" disabled={at === files.length - 1} onClick={() => onMove(at + 1)}><Icon name="chevron-right" /></button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
