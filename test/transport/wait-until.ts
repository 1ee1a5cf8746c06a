/** Waiting for what WebCrypto or a message port does in its own time, with a bound. */

const BOUND_MS = 10_000;

export async function waitUntil(holds: () => boolean, what: string): Promise<void> {
  const untilMs = performance.now() + BOUND_MS;
  while (!holds()) {
    if (performance.now() > untilMs) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
