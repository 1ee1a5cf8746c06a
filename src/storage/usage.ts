/**
 * How much of its storage this site has used, and whether the browser has promised to keep it: what the
 * browser tells, looked at rarely. Where it tells nothing nothing is known.
 */

export interface StorageUsage {
  /** The browser does not delete this site's data by itself, be it in need of room. */
  readonly persisted: boolean;
  readonly usageBytes: number | null;
  readonly quotaBytes: number | null;
}

const POLL_INTERVAL_MS = 30_000;

/** Never rejects. */
export async function readUsage(): Promise<StorageUsage> {
  const [persisted, estimate] = await Promise.all([
    navigator.storage.persisted().catch(() => false),
    navigator.storage.estimate().catch((): StorageEstimate => ({})),
  ]);
  const { usage = null, quota = null } = estimate;
  return { persisted, usageBytes: usage, quotaBytes: quota };
}

/** For the rest of this worker's life. */
export function watchUsage(tell: (usage: StorageUsage) => void): void {
  setInterval(() => void readUsage().then(tell), POLL_INTERVAL_MS);
}
