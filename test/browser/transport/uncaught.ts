/** What nothing has caught, in a page or in a worker. */

export interface Uncaught {
  readonly found: readonly string[];
  /** Gives all of it. */
  stop(): readonly string[];
}

/** From now on. */
export function noteUncaught(): Uncaught {
  const found: string[] = [];
  const note = (event: ErrorEvent | PromiseRejectionEvent): void => {
    found.push(event instanceof ErrorEvent ? event.message : String(event.reason));
  };
  addEventListener('error', note);
  addEventListener('unhandledrejection', note);
  return {
    found,
    stop: () => {
      removeEventListener('error', note);
      removeEventListener('unhandledrejection', note);
      return found;
    },
  };
}
