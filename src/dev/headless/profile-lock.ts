/**
 * Who may use a node's folder: one command at a time, also where several machines or containers have the
 * folder. A file says who holds it, and is touched for as long as that one lives. A holder whose process is
 * known to be gone has left it, and so has one that was watched for long and did not touch it, since of
 * another machine, or of a container that is no more, nothing else can be known.
 */

import { createHash, randomUUID } from 'node:crypto';
import { readFile, readlink, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const LOCK_FILE = 'node.lock';

export interface LockTimes {
  /** Between touches. */
  readonly beatMs: number;
  /** Untouched for so long, it is held no more. */
  readonly silenceMs: number;
}

const TIMES: LockTimes = { beatMs: 1_000, silenceMs: 20_000 };
const LOOK_INTERVAL_MS = 200;

/** What the lock's file says, and when it was touched. */
interface Holder {
  readonly text: string;
  readonly touchedMs: number;
}

export class ProfileLock {
  /** Another one has taken it, which thought that this one is gone. */
  isLost = false;
  readonly #file: string;
  readonly #text: string;
  readonly #timer: NodeJS.Timeout;

  private constructor(file: string, text: string, beatMs: number) {
    this.#file = file;
    this.#text = text;
    this.#timer = setInterval(() => void this.#beat(), beatMs);
    this.#timer.unref();
  }

  /** Null: somebody else holds it, which takes a moment to be known. Throws what the file system says. */
  static async take(folder: string, times: LockTimes = TIMES): Promise<ProfileLock | null> {
    const file = join(folder, LOCK_FILE);
    const text = `${await machineName()} ${process.pid} ${randomUUID()}\n`;
    while (!(await isCreated(file, text))) {
      const holder = await holderOf(file);
      if (holder === null) continue;
      if (await isHeld(file, holder, times.silenceMs)) return null;
      if (await isInherited(file, holder, text, times.silenceMs)) break;
    }
    return new ProfileLock(file, text, times.beatMs);
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    if ((await holderOf(this.#file))?.text === this.#text) await rm(this.#file, { force: true });
  }

  async #beat(): Promise<void> {
    const holder = await holderOf(this.#file).catch(() => null);
    if (holder === null) return;
    this.isLost = holder.text !== this.#text;
    const now = new Date();
    if (!this.isLost) await utimes(this.#file, now, now).catch(() => undefined);
  }
}

async function isCreated(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Null: nobody. */
async function holderOf(file: string): Promise<Holder | null> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), stat(file)]);
    return { text, touchedMs: mtimeMs };
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

async function isHeld(file: string, holder: Holder, silenceMs: number): Promise<boolean> {
  const [machine = '', pid = ''] = holder.text.split(' ');
  if (machine === (await machineName()) && !isAlive(Number(pid))) return false;
  // Clocks of two machines are not compared: it is watched by this one's.
  const beganMs = performance.now();
  while (performance.now() - beganMs < silenceMs) {
    await pause(LOOK_INTERVAL_MS);
    const now = await holderOf(file);
    if (now === null) return false;
    if (now.text !== holder.text || now.touchedMs !== holder.touchedMs) return true;
  }
  return false;
}

/**
 * Takes it from a holder who is gone, if nobody else does: of one holder there is one heir at a time, whose
 * claim becomes the lock.
 */
async function isInherited(
  file: string,
  seen: Holder,
  text: string,
  silenceMs: number,
): Promise<boolean> {
  const claim = `${file}.${createHash('sha256').update(seen.text).digest('hex')}`;
  if (!(await isCreated(claim, text))) {
    const claimant = await holderOf(claim);
    if (claimant === null || (await isHeld(claim, claimant, silenceMs))) return false;
    if ((await holderOf(claim))?.text === claimant.text) await rm(claim, { force: true });
    return false;
  }
  const isStillLeft = (await holderOf(file))?.text === seen.text;
  await (isStillLeft ? rename(claim, file) : rm(claim));
  return isStillLeft;
}

/** Within it a process is known by its number: containers may have the name of their host. */
async function machineName(): Promise<string> {
  return `${hostname()}/${await readlink('/proc/self/ns/pid').catch(() => '')}`;
}

/** Whether this machine has such a process. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}
