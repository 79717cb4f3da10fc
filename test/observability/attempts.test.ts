import { createAttempts } from '../../worker/attempts';

const attempt = (number: number) => ({ runId: 'run', activityId: '7', attempt: number });

function stage() {
  const told: number[] = [];
  return { told, attempts: createAttempts((info) => void told.push(info.attempt)) };
}

test('an attempt that failed is tried again by right', () => {
  const { told, attempts } = stage();
  attempts.begin(attempt(1));
  attempts.end(attempt(1), 'failed');
  attempts.begin(attempt(2));
  attempts.end(attempt(2), 'completed');
  expect(told).toEqual([]);
});

test('a later attempt while the earlier one runs, or after it was done, was a false time-out', () => {
  for (const end of [null, 'completed', 'cancelled'] as const) {
    const { told, attempts } = stage();
    attempts.begin(attempt(1));
    if (end !== null) attempts.end(attempt(1), end);
    attempts.begin(attempt(2));
    attempts.end(attempt(1), 'failed');
    attempts.end(attempt(2), 'completed');
    expect(told).toEqual([2]);
  }
});

test('one that Temporal itself calls timed out is told once', () => {
  const { told, attempts } = stage();
  attempts.begin(attempt(1));
  attempts.end(attempt(1), 'timed_out');
  attempts.begin(attempt(2));
  expect(told).toEqual([1]);
});

test('a process that has just begun knows of no earlier attempt', () => {
  const { told, attempts } = stage();
  attempts.begin(attempt(3));
  expect(told).toEqual([]);
});
