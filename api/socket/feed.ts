import type { LoggedFrame } from '../../domain/frames';
import type { SessionNews } from '../../lib/bus';
import type { Logger } from '../../lib/log';
import type { Watcher } from '../watch';
import type { Wire } from './wire';

const BATCH = 100;

interface FeedDeps {
  wire: Wire;
  log: Logger;
  read: (afterSeq: number, limit: number) => Promise<LoggedFrame[]>;
}

/**
 * Brings one socket the log from a place on, each frame once and in order, then whatever happens. Before `begin`, which
 * comes once, it keeps what it hears.
 */
export interface Feed extends Watcher {
  begin: (place: { afterSeq: number; lastSeq: number }) => void;
}

/**
 * The log is the truth and the bus only says that it has grown: a frame that is the next one is sent as it comes,
 * anything else is a reason to read. So neither a lost, a doubled nor an early wake-up can change what is seen.
 */
export function createFeed({ wire, log, read }: FeedDeps): Feed {
  let sent = 0;
  let newest = 0;
  let begun = false;
  let reading: Promise<void> | null = null;
  const early: SessionNews[] = [];

  const send = (frame: LoggedFrame): void => {
    sent = frame.seq;
    newest = Math.max(newest, sent);
    wire.sendLogged(frame);
    if (frame.type === 'SESSION_CLOSED') wire.close(1000, { message: 'the chat is closed' });
  };

  const catchUp = async (): Promise<void> => {
    while (wire.isOpen() && sent < newest) {
      const frames = await read(sent, BATCH);
      if (frames.length === 0) newest = sent;
      for (const frame of frames) {
        await wire.flushed();
        if (!wire.isOpen()) return;
        send(frame);
      }
    }
  };

  const hear = (seq: number): void => {
    newest = Math.max(newest, seq);
    if (!begun || reading !== null || sent >= newest || !wire.isOpen()) return;
    reading = catchUp().then(
      () => {
        reading = null;
        hear(sent); // what came since the last comparison
      },
      (error: unknown) => {
        reading = null; // the next look at the log, some seconds from now, tries again
        log.warn({ err: error }, 'a log could not be read for a socket');
      },
    );
  };

  const onNews = (news: SessionNews): void => {
    if (!begun) return void early.push(news);
    const isLive = reading === null;
    if (news.kind === 'moment' && isLive) wire.sendMoment(news.frame);
    if (news.kind !== 'logged') return; // a cancel is for whoever works on the turn
    if (isLive && news.frame.seq === sent + 1) send(news.frame);
    else hear(news.frame.seq);
  };

  return {
    onNews,
    onLastSeq: hear,
    onGone() {
      // Of what it kept, nothing can be read any more.
      for (const news of early.splice(0)) if (news.kind === 'logged') send(news.frame);
      wire.close(4404);
    },
    begin({ afterSeq, lastSeq }) {
      sent = afterSeq;
      begun = true;
      hear(lastSeq);
      early.splice(0).forEach(onNews);
    },
  };
}
