/** Modal dialogs: one takes the focus while it is open and gives it back, and closes by Escape. */

import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';

export interface DialogProps {
  readonly title: string;
  /** 'small' for one question, 'large' for tables. */
  readonly size?: 'small' | 'wide' | 'large';
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

const CLASSES = {
  small: 'dialog',
  wide: 'dialog dialog-wide',
  large: 'dialog dialog-wide dialog-large',
} as const;

export function Dialog({ title, size = 'wide', onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();

  useLayoutEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => current?.close();
  }, []);

  return (
    <dialog ref={dialog} class={CLASSES[size]} aria-labelledby={titleId} onClose={onClose}>
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}

/** The end of a dialog in which there is nothing to agree to. */
export function CloseLine({ onClose }: Pick<DialogProps, 'onClose'>) {
  return (
    <div class="dialog-actions">
      <button type="button" class="button" onClick={onClose}>
        Close
      </button>
    </div>
  );
}
