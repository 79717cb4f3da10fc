import type { StatusData } from '../domain/frames';
import type { ToolName } from '../domain/session';
import type { Tx } from './database';
import { appendFrames } from './events';
import type { ToolCall } from './tool-calls';

/** One state of a tool's step of the progress line. */
export async function sayStatus(
  tx: Tx,
  call: ToolCall,
  data: Partial<StatusData> & Pick<StatusData, 'state' | 'text'>,
): Promise<void> {
  const asksToPay = data.state === 'waiting' && call.name === 'request_payment_confirmation';
  await appendFrames(tx, { id: call.sessionId, userId: call.userId }, [
    {
      type: 'STATUS',
      data: {
        phase: asksToPay ? 'AWAITING_PAYMENT' : 'WORKING',
        turn_id: call.turnId,
        call_id: call.id,
        tool: call.name as ToolName,
        ...data,
      },
    },
  ]);
}
