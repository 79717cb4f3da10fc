import type { Tx } from './database';

/** A session's turns as they were said, for the model: the message, then each step with its tool results. */
export interface TurnTranscript {
  kind: 'user' | 'outcome';
  content: string;
  outcome: string | null;
  steps: {
    content: Record<string, unknown>[];
    results: { toolUseId: string; result: Record<string, unknown>; isError: boolean }[];
  }[];
}

/** The whole conversation in order. One round trip. */
export async function loadConversation(tx: Tx, sessionId: string): Promise<TurnTranscript[]> {
  return tx.query<TurnTranscript>(
    `select m.kind, m.content, t.outcome,
            coalesce((
              select jsonb_agg(jsonb_build_object(
                       'content', s.content,
                       'results', coalesce((
                         select jsonb_agg(jsonb_build_object(
                                  'toolUseId', c.tool_use_id, 'result', c.result, 'isError', c.is_error) order by c.position)
                           from tool_calls c
                          where c.turn_id = s.turn_id and c.step = s.step and c.result is not null), '[]')) order by s.step)
                from steps s where s.turn_id = t.id), '[]') as steps
       from turns t join messages m on m.id = t.message_id
      where t.session_id = $1
      order by t.number`,
    [sessionId],
  );
}
