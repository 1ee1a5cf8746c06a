/** What whoever waits for something does when a signal fires. */

/**
 * What `work` comes to, or a rejection with `reasonOf()`, the signal's own reason by default, as soon as the
 * signal has fired. The work is not ended by that, and what becomes of it then is nobody's concern.
 */
export function unlessAborted<Value>(
  work: Promise<Value>,
  signal: AbortSignal | null,
  reasonOf: () => unknown = () => signal?.reason,
): Promise<Value> {
  if (signal === null) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(reasonOf());
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
