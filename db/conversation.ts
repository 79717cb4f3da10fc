import type { TurnOutcome } from '../domain/session';
import type { MicroUsdc } from '../domain/money';
import type { PaymentState } from '../domain/payment';
import type { TaskStatus } from '../domain/task';
import type { Tx } from './database';

/** A session's turns as they were said, for the model: the message, then each step with its tool results. */
export interface TurnTranscript {
  number: number;
  kind: 'user' | 'outcome';
  content: string;
  /** null: the turn that is open */
  outcome: TurnOutcome | null;
  steps: { content: Record<string, unknown>[]; results: ToldResult[] }[];
}

/** A tool's result as JSON text. Where that was cut, `bytes` is more than it has. */
export interface ToldResult {
  toolUseId: string;
  text: string;
  bytes: number;
  isError: boolean;
}

/** From which turn on a conversation is told, and from which on with its tool results in full. */
export interface ToldPart {
  from: number;
  wholeFrom: number;
}

/** Of an older tool result the model reads so many characters. */
export const RESULT_BEGINNING = 1_000;

/** What is told of a conversation, and how many tokens the last step's request had for each of its bytes. */
export async function toldPart(
  tx: Tx,
  sessionId: string,
): Promise<ToldPart & { tokensPerByte: number | null }> {
  const [row] = await tx.query<ToldPart & { tokensPerByte: number | null }>(
    `select told_from as "from", told_whole_from as "wholeFrom",
            (select (s.input_tokens + s.cache_read_tokens + s.cache_write_tokens)::float8 / s.request_bytes
               from turns t join steps s on s.turn_id = t.id
              where t.session_id = $1 and s.request_bytes is not null
              order by t.number desc, s.step desc limit 1) as "tokensPerByte"
       from sessions where id = $1`,
    [sessionId],
  );
  return row ?? { from: 1, wholeFrom: 1, tokensPerByte: null };
}

/** The turns that are told, in order, but the newest `most` of them at most. One round trip. */
export async function loadConversation(
  tx: Tx,
  sessionId: string,
  { from, wholeFrom, most }: ToldPart & { most: number },
): Promise<TurnTranscript[]> {
  const newestFirst = await tx.query<TurnTranscript>(
    `select t.number, m.kind, m.content, t.outcome,
            coalesce((
              select jsonb_agg(jsonb_build_object(
                       'content', s.content,
                       'results', coalesce((
                         select jsonb_agg(jsonb_build_object(
                                  'toolUseId', c.tool_use_id,
                                  'text', case when t.number < $3 and t.outcome is not null
                                               then left(c.result::text, $4) else c.result::text end,
                                  'bytes', octet_length(c.result::text),
                                  'isError', c.is_error) order by c.position)
                           from tool_calls c
                          where c.turn_id = s.turn_id and c.step = s.step and c.result is not null), '[]')) order by s.step)
                from steps s where s.turn_id = t.id), '[]') as steps
       from turns t join messages m on m.id = t.message_id
      where t.session_id = $1 and t.number >= $2
      order by t.number desc limit $5`,
    [sessionId, from, wholeFrom, RESULT_BEGINNING, most],
  );
  return newestFirst.reverse();
}

/** Lets turns leave what is told; it never grows back, whoever comes late. */
export async function tellLess(tx: Tx, sessionId: string, { from, wholeFrom }: ToldPart): Promise<void> {
  await tx.query(
    `update sessions set told_from = greatest(told_from, $2), told_whole_from = greatest(told_whole_from, $3)
      where id = $1`,
    [sessionId, from, wholeFrom],
  );
}

/** The platform's records of a turn, from which its line in the summary is written. */
export interface TurnRecord {
  number: number;
  kind: 'user' | 'outcome';
  /** its beginning */
  content: string;
  outcome: TurnOutcome;
  hired: { agent: string; action: string; status: TaskStatus }[];
  payments: { agent: string; action: string; micros: MicroUsdc; state: PaymentState }[];
}

/** The turns before `from` that have left without a line of their own yet. */
export async function turnsWithoutFact(tx: Tx, sessionId: string, from: number): Promise<TurnRecord[]> {
  const rows = await tx.query<
    Omit<TurnRecord, 'payments'> & { payments: (TurnRecord['payments'][number] & { micros: string })[] }
  >(
    `select t.number, m.kind, left(m.content, 400) as content, t.outcome,
            coalesce((select jsonb_agg(jsonb_build_object('agent', a.name, 'action', k.action, 'status', k.status)
                                       order by k.created_at)
                        from tasks k join agents a on a.id = k.to_agent_id
                       where k.session_id = $1 and k.turn_id = t.id), '[]') as hired,
            coalesce((select jsonb_agg(jsonb_build_object('agent', p.agent_name, 'action', p.action,
                                                          'micros', coalesce(p.captured_micros, p.amount_micros)::text, 'state', p.state)
                                       order by p.created_at)
                        from payments p where p.session_id = $1 and p.turn_id = t.id), '[]') as payments
       from turns t join messages m on m.id = t.message_id
      where t.session_id = $1 and t.number < $2 and t.fact is null and t.outcome is not null
      order by t.number`,
    [sessionId, from],
  );
  return rows.map((row) => ({
    ...row,
    payments: row.payments.map((payment) => ({ ...payment, micros: BigInt(payment.micros) })),
  }));
}

export async function recordFacts(
  tx: Tx,
  sessionId: string,
  facts: { number: number; fact: string }[],
): Promise<void> {
  await tx.query(
    `update turns t set fact = f.fact
       from unnest($2::int[], $3::text[]) as f (number, fact)
      where t.session_id = $1 and t.number = f.number and t.fact is null`,
    [sessionId, facts.map(({ number }) => number), facts.map(({ fact }) => fact)],
  );
}

/** The lines of the newest `most` turns before `from`, oldest first. */
export async function factsBefore(
  tx: Tx,
  sessionId: string,
  { from, most }: { from: number; most: number },
): Promise<{ number: number; fact: string }[]> {
  if (from <= 1) return [];
  const newestFirst = await tx.query<{ number: number; fact: string }>(
    `select number, fact from turns
      where session_id = $1 and number < $2 and fact is not null order by number desc limit $3`,
    [sessionId, from, most],
  );
  return newestFirst.reverse();
}
