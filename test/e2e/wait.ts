/** Waiting for a condition with a bound; the only way tests here let time pass. */

const POLL_INTERVAL_MS = 50;
/** A look into a page costs milliseconds: whoever has waited for long looks less often, in parts of that. */
const WAITED_PART = 1 / 8;
const LONGEST_INTERVAL_MS = 500;

/**
 * Polls until `holds` answers something other than false, and answers that. Throws, naming what was
 * waited for, after `boundMs`; what `holds` throws ends the wait at once.
 */
export async function waitFor<Value>(
  what: string,
  boundMs: number,
  holds: () => Promise<Value | false> | Value | false,
): Promise<Value> {
  const startMs = performance.now();
  for (;;) {
    const value = await holds();
    if (value !== false) return value;
    const waitedMs = performance.now() - startMs;
    if (waitedMs > boundMs) throw new Error(`Waited ${boundMs} ms in vain for ${what}.`);
    const intervalMs = Math.min(
      Math.max(POLL_INTERVAL_MS, waitedMs * WAITED_PART),
      LONGEST_INTERVAL_MS,
    );
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}

/** What comes of the work; throws where that takes longer than the bound. */
export async function within<Value>(boundMs: number, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${boundMs} ms.`)), boundMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
