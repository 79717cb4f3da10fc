import { useState } from 'react';
import { client } from '../session/client';
import { toldOf } from '../state/told';
import { CopyButton } from './copy-button';
import { Icon } from './icons';

/** The signed receipt of a payment, to be copied and verified by anybody. */
export function ReceiptLink({ paymentId }: { paymentId: string }) {
  const [receipt, setReceipt] = useState<string | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const show = (): void => {
    setFailed(null);
    client.receipt(paymentId).then(
      (found) => setReceipt(found.receipt),
      (thrown: unknown) => setFailed(toldOf(thrown).message),
    );
  };
  if (receipt === null) {
    return (
      <>
        <button className="as-link" type="button" onClick={show}>
          Show its receipt
        </button>
        {failed !== null && (
          <p className="err" role="alert">
            {failed} Try again.
          </p>
        )}
      </>
    );
  }
  return (
    <>
      <span className="row">
        Its receipt, signed
        <CopyButton text={receipt} what="the receipt" />
        <a href="/receipts" target="_blank" rel="noreferrer">
          Verify it
        </a>
      </span>
      <details className="fold">
        <summary>
          Its text
          <Icon name="chev" />
        </summary>
        <pre className="payload">{receipt}</pre>
      </details>
    </>
  );
}
