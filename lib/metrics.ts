import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { LoggedFrame } from '../domain/frames';
import { isTerminal } from '../domain/task';

/**
 * What the process counts, by the conventions of Prometheus: base units, `_total` for what only grows. Labels are
 * routes, names and codes of ours, never ids or what anybody wrote. docs/metrics.md is held to this file by a test.
 */
export const registry = new Registry();

const FAST = [0.002, 0.005, 0.01, 0.05, 0.2, 1];
const CALLS = [0.01, 0.05, 0.1, 0.25, 1, 5, 30];
const LONG = [0.1, 0.5, 1, 2, 5, 15, 60, 120];

const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
  new Counter({ name, help, labelNames, registers: [registry] });
const histogram = <L extends string>(
  name: string,
  help: string,
  { labelNames, buckets }: { labelNames: readonly L[]; buckets: number[] },
): Histogram<L> => new Histogram({ name, help, labelNames, buckets, registers: [registry] });
const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> =>
  new Gauge({ name, help, labelNames, registers: [registry] });

export const metrics = {
  httpRequests: counter('mooring_http_requests_total', 'HTTP requests answered', [
    'method',
    'route',
    'status',
  ]),
  httpSeconds: histogram(
    'mooring_http_request_seconds',
    'Time to answer an HTTP request; a poll that waits counts its wait',
    {
      labelNames: ['route'],
      buckets: CALLS,
    },
  ),
  socketsOpen: gauge('mooring_sockets_open', 'Chat sockets that are open'),
  framesReceived: counter(
    'mooring_frames_received_total',
    'Frames of clients, by the code they were refused with or ok',
    ['type', 'code'],
  ),
  framesSent: counter('mooring_frames_sent_total', 'Frames sent over sockets', ['type']),
  messagesAccepted: counter(
    'mooring_messages_accepted_total',
    'Messages of people that became facts, by the way they came',
    ['way'],
  ),

  turns: counter('mooring_turns_total', 'Turns that have ended', ['outcome']),
  turnErrors: counter('mooring_turn_errors_total', 'Errors that people met in a chat', ['code']),
  toolCalls: counter('mooring_tool_calls_total', 'Tool calls that have come to their end', [
    'tool',
    'outcome',
  ]),
  payments: counter('mooring_payments_total', 'Payments that have come to their end', ['state']),
  ledgerProblems: gauge('mooring_ledger_problems', 'Problems that the last proof of the ledger has found'),
  walletAlarms: counter(
    'mooring_wallet_alarms_total',
    'Moves of money at a network that have not come to their end in time, were refused and have to be made by people, or came to another end than people have said',
    ['step'],
  ),
  tasks: counter('mooring_tasks_total', 'Tasks that have come to their end', ['status']),

  modelSeconds: histogram(
    'mooring_model_step_seconds',
    'Time of one answer of the model, by its code when it failed or ok',
    {
      labelNames: ['outcome'],
      buckets: LONG,
    },
  ),
  modelTokens: counter('mooring_model_tokens_total', 'Tokens of the answers of the model', ['direction']),
  agentSeconds: histogram(
    'mooring_agent_call_seconds',
    'Time of one request to an agent, by the class of its status or none',
    {
      labelNames: ['call', 'outcome'],
      buckets: CALLS,
    },
  ),

  breakers: counter('mooring_breaker_changes_total', 'Breakers of agents that opened, drained or closed', [
    'to',
  ]),
  tasksParked: counter(
    'mooring_tasks_parked_total',
    'Tasks that began to wait for their agent to be back',
    [],
  ),

  signals: counter('mooring_signals_total', 'Signals and starts given to Temporal', ['by', 'outcome']),
  runsRestarted: counter(
    'mooring_runs_restarted_total',
    'Runs that had ended before their row and were started anew',
    [],
  ),
  activitySeconds: histogram('mooring_activity_attempt_seconds', 'Time of one attempt at an activity', {
    labelNames: ['activity', 'outcome'],
    buckets: LONG,
  }),
  activityRetries: counter('mooring_activity_retries_total', 'Attempts at activities after the first', [
    'activity',
  ]),
  falseTimeouts: counter(
    'mooring_false_timeouts_total',
    'Attempts that Temporal gave up while their process lived',
    ['activity'],
  ),
  fencesTaken: counter(
    'mooring_fences_taken_total',
    'Times that an attempt took the right to write a turn’s next step',
    [],
  ),
  fencesLost: counter(
    'mooring_fences_lost_total',
    'Answers refused because a newer attempt had taken the step',
    [],
  ),

  transactionSeconds: histogram(
    'mooring_transaction_seconds',
    'Time of one transaction, its retries included',
    {
      labelNames: ['name'],
      buckets: FAST,
    },
  ),
  transactionRetries: counter(
    'mooring_transaction_retries_total',
    'Transactions that were tried again after a deadlock',
    ['name'],
  ),
  poolConnections: gauge('mooring_pool_connections', 'Connections to PostgreSQL', ['state']),
  poolWaiting: gauge('mooring_pool_waiting', 'Transactions that wait for a connection'),
  outboxUnsent: gauge('mooring_outbox_unsent', 'Signals that Temporal has not got yet'),
  outboxOldest: gauge(
    'mooring_outbox_oldest_seconds',
    'Age of the oldest signal that Temporal has not got yet; 0 without one',
  ),
};

/** Shows the pool as it is whenever somebody looks. */
export function observePool(pool: { totalCount: number; idleCount: number; waitingCount: number }): void {
  look = () => {
    metrics.poolConnections.set({ state: 'idle' }, pool.idleCount);
    metrics.poolConnections.set({ state: 'busy' }, pool.totalCount - pool.idleCount);
    metrics.poolWaiting.set(pool.waitingCount);
  };
}
let look = (): void => undefined;

export async function readMetrics(): Promise<string> {
  look();
  return registry.metrics();
}

/** CPU, memory, event loop and garbage collection, once a process. */
export function observeProcess(): void {
  if (registry.getSingleMetric('process_cpu_seconds_total') === undefined) {
    collectDefaultMetrics({ register: registry });
  }
}

/** Facts that a transaction has committed, as its frames tell them. */
export function countCommitted(frames: LoggedFrame[]): void {
  for (const frame of frames) {
    switch (frame.type) {
      case 'TURN_END':
        metrics.turns.inc({ outcome: frame.data.outcome });
        break;
      case 'ERROR':
        metrics.turnErrors.inc({ code: frame.data.code });
        break;
      case 'STATUS': {
        const { tool, state } = frame.data;
        if (tool !== undefined && (state === 'done' || state === 'failed')) {
          metrics.toolCalls.inc({ tool, outcome: state });
        }
        break;
      }
      case 'PAYMENT_SUCCESSFUL':
        metrics.payments.inc({ state: 'CAPTURED' });
        break;
      case 'PAYMENT_FAILED':
      case 'PAYMENT_RELEASED':
        metrics.payments.inc({ state: frame.data.state });
        break;
      case 'TASK_UPDATE':
        if (isTerminal(frame.data.status)) metrics.tasks.inc({ status: frame.data.status });
        break;
      default:
    }
  }
}
