import { CopyButton } from './copy-button';

/** Under the words of an error: its code, and the request by which an operator finds out more. */
export function ErrorCode({ code, requestId }: { code?: string; requestId?: string }) {
  if (code === undefined || requestId === undefined) return null;
  return (
    <small className="code">
      Code <code>{code}</code>, request <code>{requestId}</code>
      <CopyButton text={requestId} what="the request" />
    </small>
  );
}
