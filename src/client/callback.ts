/**
 * Functions that callers hand over to be told by. What one throws is its caller's own matter: the
 * browser reports it as it reports any other uncaught exception, and what was under way goes on.
 */

export function callBack<Args extends readonly unknown[]>(
  callback: ((...args: Args) => void) | undefined,
  ...args: Args
): void {
  try {
    callback?.(...args);
  } catch (error) {
    reportError(error);
  }
}
