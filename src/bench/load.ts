/**
 * Load of a closed kind: so many clients, each with one call under way at a time, until so many calls
 * are done. What a call takes is measured around the promise that its caller awaits.
 */

export interface Timings {
  readonly operations: number;
  readonly elapsedMs: number;
  /** In the order in which the calls ended. */
  readonly latenciesMs: readonly number[];
}

/** Rejects with the first error; clients whose call is under way by then end behind it. */
export async function runClients(
  clients: number,
  count: number,
  call: (number: number) => Promise<unknown>,
): Promise<Timings> {
  const latenciesMs: number[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count) {
      const number = next;
      next += 1;
      const beganMs = performance.now();
      await call(number);
      latenciesMs.push(performance.now() - beganMs);
    }
  };
  const beganMs = performance.now();
  await Promise.all(Array.from({ length: Math.min(clients, count) }, client));
  return { operations: count, elapsedMs: performance.now() - beganMs, latenciesMs };
}

/** Calls a second. */
export function rateOf({ operations, elapsedMs }: Timings): number {
  return (operations * 1_000) / elapsedMs;
}
