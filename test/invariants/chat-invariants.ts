import type { World } from './world';

const USER_MESSAGES = `
  select m.session_id as "sessionId", m.client_id as "clientId", m.content, m.seq, m.turn_id as "turnId",
         (select count(*)::int from session_events e where e.session_id = m.session_id and e.type = 'USER_MESSAGE'
             and e.data->>'message_id' = m.id and e.seq = m.seq and e.data->>'content' = m.content) as frames
    from messages m join sessions s on s.id = m.session_id where m.kind = 'user' and s.erased_at is null`;

/** What an erased chat may not have any more; a task that runs still needs its message. */
const LEFT_OVER = `
  select s.id from sessions s where s.erased_at is not null and (
    exists (select from session_events e where e.session_id = s.id)
    or exists (select from session_sequences q where q.session_id = s.id)
    or exists (select from connections c where c.session_id = s.id)
    or exists (select from steps p join turns t on t.id = p.turn_id where t.session_id = s.id)
    or exists (select from tool_calls c where c.session_id = s.id and c.input <> '{}')
    or exists (select from messages m where m.session_id = s.id and m.content <> '')
    or exists (select from tasks k where k.session_id = s.id and (k.arguments <> '{}' or k.result is not null)))`;

/** (1) Each acknowledged message is in the transcript once, in order; of an erased chat there are no words. */
export async function messagesOnceInOrder({ query, acknowledged }: World): Promise<string[]> {
  const rows = await query<{
    sessionId: string;
    clientId: string;
    content: string;
    seq: number | null;
    frames: number;
  }>(USER_MESSAGES);
  const erased = new Set(
    (await query<{ id: string }>('select id from sessions where erased_at is not null')).map(({ id }) => id),
  );
  const leftOver = await query<{ id: string }>(LEFT_OVER);
  const lastSeq = new Map<string, number>();
  const kept = acknowledged.messages.filter(({ sessionId }) => !erased.has(sessionId));
  const broken = kept.flatMap(({ sessionId, clientId, content }) => {
    const row = rows.find((known) => known.sessionId === sessionId && known.clientId === clientId);
    const name = `message ${clientId} of ${sessionId}`;
    if (row === undefined || row.seq === null) return [`${name} was acknowledged and is not there`];
    const before = lastSeq.get(sessionId) ?? 0;
    lastSeq.set(sessionId, row.seq);
    if (row.content !== content) return [`${name} has other words than were acknowledged`];
    return row.seq < before ? [`${name} stands before one that was acknowledged earlier`] : [];
  });
  const doubled = await query<{ id: string }>(
    `select session_id || ' seq ' || seq as id from session_events e where type = 'USER_MESSAGE'
        and not exists (select from messages m where m.session_id = e.session_id and m.seq = e.seq)`,
  );
  return [
    ...broken,
    ...leftOver.map(({ id }) => `${id} was erased and has words`),
    ...rows
      .filter(({ frames }) => frames !== 1)
      .map(({ clientId }) => `message ${clientId} has not one frame`),
    ...doubled.map(({ id }) => `${id} shows a message that nobody sent`),
  ];
}

/** (2) Each turn has one TURN_END, and each message its one turn. */
export async function turnsEndOnce({ query }: World): Promise<string[]> {
  const turns = await query<{ id: string; outcome: string | null; ends: number }>(
    `select t.id, t.outcome, (select count(*)::int from session_events e
        where e.session_id = t.session_id and e.type = 'TURN_END' and e.data->>'turn_id' = t.id
          and e.data->>'outcome' is not distinct from t.outcome) as ends,
        (select count(*)::int from session_events e
        where e.session_id = t.session_id and e.type = 'TURN_END' and e.data->>'turn_id' = t.id) as all_ends
       from turns t join sessions s on s.id = t.session_id where s.erased_at is null`,
  );
  const messages = await query<{ id: string }>(
    `select m.id from messages m join sessions s on s.id = m.session_id where m.turn_id is null and s.phase <> 'CLOSED'`,
  );
  const open = await query<{ id: string }>(
    'select t.id from turns t join sessions s on s.id = t.session_id where s.erased_at is not null and t.outcome is null',
  );
  const frames = await query<{ id: string; ends: number }>(
    `select data->>'turn_id' as id, count(*)::int as ends from session_events where type = 'TURN_END'
      group by 1 having count(*) > 1`,
  );
  return [
    ...turns
      .filter(({ outcome, ends }) => outcome === null || ends !== 1)
      .map(({ id, outcome, ends }) => `turn ${id} (${outcome ?? 'open'}) has ${ends} fitting TURN_END`),
    ...open.map(({ id }) => `turn ${id} of an erased chat is open`),
    ...frames.map(({ id, ends }) => `turn ${id} has ${ends} TURN_END`),
    ...messages.map(({ id }) => `message ${id} has no turn`),
  ];
}

/** (3) Sequences are dense. */
export async function sequencesDense({ query }: World): Promise<string[]> {
  const holes = await query<{ id: string; count: number; last: number; said: number | null }>(
    `select e.session_id as id, count(*)::int as count, max(e.seq) as last, max(q.last_seq) as said
       from session_events e left join session_sequences q on q.session_id = e.session_id
      group by e.session_id having count(*) <> max(e.seq) or max(e.seq) is distinct from max(q.last_seq)`,
  );
  return holes.map(
    ({ id, count, last, said }) =>
      `session ${id}: ${count} frames up to ${last}, counter at ${said ?? 'none'}`,
  );
}
