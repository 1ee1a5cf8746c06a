/**
 * One call in the page's next animation frame. A page that is hidden has no frames, and neither has a
 * worker: there a timer takes their place, and a page that is hidden while it waits changes over.
 */

/** Often enough for what nobody looks at; browsers make it a second or more. */
const HIDDEN_INTERVAL_MS = 250;

export class NextFrame {
  readonly #run: () => void;
  #cancel: (() => void) | null = null;

  constructor(run: () => void) {
    this.#run = run;
  }

  /** However often it is asked for, there is one call. */
  request(): void {
    this.#cancel ??= isShown() ? this.#requestFrame() : this.#startTimer();
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  readonly #arrived = (): void => {
    this.cancel();
    this.#run();
  };

  readonly #visibilityChanged = (): void => {
    this.cancel();
    this.request();
  };

  #requestFrame(): () => void {
    const frame = requestAnimationFrame(this.#arrived);
    document.addEventListener('visibilitychange', this.#visibilityChanged);
    return () => {
      cancelAnimationFrame(frame);
      document.removeEventListener('visibilitychange', this.#visibilityChanged);
    };
  }

  #startTimer(): () => void {
    const timer = setTimeout(this.#arrived, HIDDEN_INTERVAL_MS);
    return () => clearTimeout(timer);
  }
}

function isShown(): boolean {
  return typeof document === 'object' && document.visibilityState === 'visible';
}
