/** The first answer of `call`; throws its last error once all attempts failed. */
export async function withRetries(call, attempts = 3) {
  let last = new RangeError('attempts must be positive');
  for (let left = attempts; left > 0; left -= 1) {
    try {
      return await call();
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

/** All answers, in the order of the calls. */
export async function payAll(calls) {
  return Promise.all(calls.map((call) => withRetries(call)));
}

/** The day of an ISO time in UTC, as 2024-03-01. */
export function dueDay(iso, days) {
  const due = new Date(iso);
  due.setUTCDate(due.getUTCDate() + days);
  return due.toISOString().slice(0, 10);
}
