/** Waiting for a condition with a bound; the only way tests here let time pass. */

const POLL_INTERVAL_MS = 50;

/**
 * Polls until `holds` answers something other than false, and answers that. Throws, naming what was
 * waited for, after `boundMs`; what `holds` throws ends the wait at once.
 */
export async function waitFor<Value>(
  what: string,
  boundMs: number,
  holds: () => Promise<Value | false> | Value | false,
): Promise<Value> {
  const deadlineMs = performance.now() + boundMs;
  for (;;) {
    const value = await holds();
    if (value !== false) return value;
    if (performance.now() > deadlineMs)
      throw new Error(`Waited ${boundMs} ms in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
}
