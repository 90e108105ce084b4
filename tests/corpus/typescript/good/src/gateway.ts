export type Call<T> = () => Promise<T>;

/** The first answer of `call`; throws its last error once all attempts failed. */
export async function withRetries<T>(call: Call<T>, attempts = 3): Promise<T> {
  let last: unknown = new RangeError('attempts must be positive');
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
export async function payAll<T>(calls: readonly Call<T>[]): Promise<T[]> {
  return Promise.all(calls.map((call) => withRetries(call)));
}

/** Saves before it tells: the listener never hears of what was lost. */
export async function record(save: (line: string) => Promise<void>, tell: (line: string) => void, line: string): Promise<void> {
  await save(line);
  tell(line);
}
