/** How the command ends where it does not end orderly: with a code for scripts and a sentence for people. */

export const EXIT = {
  /** What nobody foresaw, or the cluster refused to let the node leave. */
  failed: 1,
  /** Arguments, or the invite link, are not understood. */
  usage: 2,
  /** No Chromium, or it does not start. */
  browser: 3,
  /** The page cannot be loaded, or opens no database of that cluster. */
  page: 4,
  /** The cluster does not let the node in, or has removed it. */
  refused: 5,
  /** The profile is in use, or another node's. */
  profile: 6,
} as const;

export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
