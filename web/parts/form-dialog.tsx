import type { Told } from '../state/told';
import { Dialog } from './dialog';
import { ErrorCode } from './error-code';

interface FormDialogProps {
  title: string;
  verb: string;
  busy: boolean;
  error: Told | null;
  onSubmit: () => void;
  onClose: () => void;
  children: React.ReactNode;
}

/** A few fields and what is done with them; why it was refused stands in place. */
export function FormDialog({ title, verb, busy, error, onSubmit, onClose, children }: FormDialogProps) {
  return (
    <Dialog className="box-dialog" label={title} onClose={onClose}>
      <form
        className="pad"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        <h2>{title}</h2>
        {children}
        {error !== null && (
          <p className="err" role="alert">
            {error.message}
            <ErrorCode {...error} />
          </p>
        )}
        <div className="row end mt-4">
          <button className="btn" type="button" onClick={onClose}>
            Back
          </button>
          <button className="btn primary" type="submit" aria-disabled={busy}>
            {busy ? 'Sending…' : verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
