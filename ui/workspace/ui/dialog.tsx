// Dialogs and popovers. Esc and a press outside close them; focus goes back to where it was.
import { type ReactNode, useRef } from 'react';
import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay, Popover } from 'react-aria-components';
import { Icon } from './icon.tsx';
import { Anchor } from './menu.tsx';

export function Sheet({ title, sub, onClose, children, footer, size = 'm', fixed }: { title: string; sub?: ReactNode; onClose: () => void; children: ReactNode; footer?: ReactNode; size?: 's' | 'm' | 'l'; fixed?: boolean }) {
  return (
    <ModalOverlay className="scrim" isOpen isDismissable={!fixed} onOpenChange={(open) => !open && onClose()}>
      <Modal className={`sheet ${size}`}>
        <Dialog className="dialog rac" role="dialog">
          <header>
            <div className="grow">
              <Heading slot="title" className="h">{title}</Heading>
              {sub ? <p className="sub">{sub}</p> : null}
            </div>
            <Button className="btn ghost sm icon" aria-label="Close" onPress={onClose}><Icon name="x" /></Button>
          </header>
          {children}
          {footer ? <footer>{footer}</footer> : null}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** A button that opens a panel under itself. */
export function PanelButton({ label, className, children, panel, wide, end }: { label: string; className: string; children: ReactNode; panel: (close: () => void) => ReactNode; wide?: boolean; end?: boolean }) {
  return (
    <DialogTrigger>
      <Button className={className} aria-label={label}>{children}</Button>
      <Popover className={`popover panel${wide ? ' wide' : ''}`} placement={end ? 'bottom end' : 'bottom start'} offset={4}>
        <Dialog className="plain" aria-label={label}>{({ close }) => <>{panel(close)}</>}</Dialog>
      </Popover>
    </DialogTrigger>
  );
}

/** A panel at a box of the screen. */
export function PanelAt({ box, label, onClose, children }: { box: { left: number; top: number; width: number; height: number }; label: string; onClose: () => void; children: ReactNode }) {
  const anchor = useRef<HTMLSpanElement>(null);
  return (
    <>
      <Anchor box={box} anchor={anchor} />
      <Popover className="popover panel" triggerRef={anchor} isOpen onOpenChange={(open) => !open && onClose()} placement="bottom start" offset={2}>
        <Dialog className="plain" aria-label={label}>{children}</Dialog>
      </Popover>
    </>
  );
}
