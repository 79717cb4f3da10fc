import { useEffect, useRef } from 'react';

interface DialogProps {
  className: string;
  label: string;
  onClose: () => void;
  children: React.ReactNode;
}

/** A drawer, a sheet or a box: takes the focus, gives it back, and goes by Esc or a press beside it. */
export function Dialog({ className, label, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const node = dialog.current;
    node?.showModal();
    return () => node?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={className}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      {children}
    </dialog>
  );
}
