import type { Stage } from './stage';
import type { TestChat } from './test-chat';

/** A chat whose turn has asked for a mail to be sent, which its person is to confirm. */
export interface Risky {
  chat: TestChat;
  taskId: string;
  callId: string;
  confirmationId: string;
}

export async function riskyChat(
  stage: Stage,
  mailer: string,
  action: 'mail' | 'erase' = 'mail',
): Promise<Risky> {
  const chat = await stage.openChat();
  await chat.say('send this to all');
  await chat.use('connect_agent', { agent_id: mailer });
  const call = await chat.use('invoke_agent', { agent_id: mailer, action, arguments: { to: 'all' } });
  expect(call.state).toBe('waiting');
  const [asked] = await chat.frames('CONFIRMATION_REQUEST');
  return {
    chat,
    taskId: await chat.lastTask(),
    callId: call.id,
    confirmationId: String(asked?.['confirmation_id']),
  };
}
