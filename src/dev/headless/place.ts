/**
 * Where a headless node is stored: a folder with the browser's profile, and beside it what the command keeps
 * of the node: the link, by which the page is opened every time, and its id. The link is a key, and so is
 * the profile; nobody but the user may read the folder.
 *
 * The link is used each time because a page that is opened by one never founds a cluster: should the profile
 * have lost its data, the node comes back as a newcomer, if it is let in, and never as somebody else's first.
 */

import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { parseInviteLink } from '../../client/invite-link.ts';
import { CommandError, EXIT } from './exit.ts';
import { LOCK_FILE, ProfileLock } from './profile-lock.ts';

const FILE = 'node.json';
const BROWSER_FOLDER = 'browser';

interface Stored {
  readonly link: string;
  /** Null: it has not joined yet. */
  readonly nodeId: string | null;
}

/** `link` null: the node stored there, or the only one that is stored. Throws `CommandError`. */
export async function findPlace(link: string | null, profile: string | null): Promise<Place> {
  return link === null ? storedPlace(profile) : linkedPlace(link, profile);
}

async function linkedPlace(link: string, profile: string | null): Promise<Place> {
  const { clusterId } = told(link);
  const folder = profile === null ? join(dataFolder(), clusterId) : resolve(profile);
  const stored = await readStored(folder);
  if (stored === null) {
    const names = await namesIn(folder);
    if (names.every((name) => name.startsWith(LOCK_FILE))) {
      return new Place(folder, { link, nodeId: null });
    }
    throw new CommandError(EXIT.profile, `${folder} is not empty, and holds no node.`);
  }
  checkSame(folder, stored.link, link);
  return new Place(folder, { ...stored, link });
}

/** Throws `CommandError` where the folder's node is another than that of the link. */
function checkSame(folder: string, storedLink: string, link: string): void {
  const before = told(storedLink);
  const { clusterId, origin } = told(link);
  if (before.clusterId === clusterId && before.origin === origin) return;
  throw new CommandError(
    EXIT.profile,
    `${folder} holds a node of cluster ${before.clusterId} at ${before.origin}; the link is to ` +
      `cluster ${clusterId} at ${origin}. Name another folder by --profile.`,
  );
}

async function storedPlace(profile: string | null): Promise<Place> {
  const folders = profile === null ? await storedFolders() : [resolve(profile)];
  const [folder, ...others] = folders;
  const stored = folder === undefined ? null : await readStored(folder);
  if (folder === undefined || stored === null) {
    const where = folder ?? dataFolder();
    throw new CommandError(EXIT.usage, `No node is stored in ${where}: an invite link is needed.`);
  }
  if (others.length > 0) {
    const list = folders.map((each) => `\n  --profile ${each}`).join('');
    throw new CommandError(EXIT.usage, `Several nodes are stored; name one:${list}`);
  }
  return new Place(folder, stored);
}

/** Nothing is written there before the place is held. */
export class Place {
  readonly folder: string;
  #stored: Stored;
  #lock: ProfileLock | null = null;
  #isNew = false;

  constructor(folder: string, stored: Stored) {
    this.folder = folder;
    this.#stored = stored;
  }

  /** This run of the command began it. */
  get isNew(): boolean {
    return this.#isNew;
  }

  get browserFolder(): string {
    return join(this.folder, BROWSER_FOLDER);
  }

  get link(): string {
    return this.#stored.link;
  }

  get clusterId(): string {
    return told(this.link).clusterId;
  }

  /** The page without what is secret in the link. */
  get page(): URL {
    const url = new URL(this.link);
    url.hash = '';
    return url;
  }

  /** Null: it has not joined yet. */
  get nodeId(): string | null {
    return this.#stored.nodeId;
  }

  /** From now on no other command uses it, until `release`. Throws `CommandError`. */
  async hold(): Promise<void> {
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      this.#lock = await ProfileLock.take(this.folder);
    } catch (error) {
      throw this.#unwritable(error);
    }
    if (this.#lock === null) throw this.#inUse();
    try {
      // Whoever held it before may have joined meanwhile.
      const stored = await readStored(this.folder);
      if (stored !== null) checkSame(this.folder, stored.link, this.link);
      this.#isNew = stored === null;
      this.#stored = { ...this.#stored, nodeId: stored?.nodeId ?? null };
      await this.#save();
    } catch (error) {
      await this.release();
      throw error;
    }
  }

  /** Throws `CommandError`, where another command has taken it for left. */
  checkHeld(): void {
    if (this.#lock === null || this.#lock.isLost) throw this.#inUse();
  }

  async release(): Promise<void> {
    await this.#lock?.release();
    this.#lock = null;
  }

  /** Throws `CommandError`. */
  async joined(nodeId: string): Promise<void> {
    this.#stored = { ...this.#stored, nodeId };
    await this.#save();
  }

  async #save(): Promise<void> {
    this.checkHeld();
    const next = join(this.folder, `${FILE}.next`);
    try {
      await writeFile(next, `${JSON.stringify(this.#stored, null, 2)}\n`, { mode: 0o600 });
      await rename(next, join(this.folder, FILE));
    } catch (error) {
      throw this.#unwritable(error);
    }
  }

  #inUse(): CommandError {
    return new CommandError(EXIT.profile, `${this.folder} is in use: a node runs from there.`);
  }

  #unwritable(error: unknown): CommandError {
    return new CommandError(EXIT.profile, `${this.folder} cannot be written: ${codeOf(error)}`);
  }

  async remove(): Promise<void> {
    this.checkHeld();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Below what the system keeps for the user's programs. */
function dataFolder(): string {
  const { platform, env } = process;
  const data =
    platform === 'win32'
      ? (env['LOCALAPPDATA'] ?? join(homedir(), 'AppData/Local'))
      : platform === 'darwin'
        ? join(homedir(), 'Library/Application Support')
        : env['XDG_DATA_HOME'] || join(homedir(), '.local/share');
  return join(data, 'resqlite', 'nodes');
}

async function storedFolders(): Promise<string[]> {
  const folders = (await namesIn(dataFolder())).map((name) => join(dataFolder(), name));
  const stored = await Promise.all(folders.map((folder) => readStored(folder)));
  return folders.filter((_, at) => stored[at] !== null);
}

/** None where there is no folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new CommandError(EXIT.profile, `${folder} cannot be read: ${codeOf(error)}`);
  }
}

/** Null: no node is stored there. */
async function readStored(folder: string): Promise<Stored | null> {
  let text: string;
  try {
    text = await readFile(join(folder, FILE), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw new CommandError(EXIT.profile, `${folder} cannot be read: ${codeOf(error)}`);
  }
  try {
    const { link, nodeId } = JSON.parse(text) as Partial<Stored>;
    return { link: told(String(link)).link, nodeId: typeof nodeId === 'string' ? nodeId : null };
  } catch {
    throw new CommandError(EXIT.profile, `${join(folder, FILE)} is damaged.`);
  }
}

function told(link: string): { link: string; clusterId: string; origin: string } {
  try {
    const { clusterId } = parseInviteLink(link);
    const { origin, protocol } = new URL(link);
    if (/^https?:$/.test(protocol)) return { link, clusterId, origin };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(EXIT.usage, `The link is not understood: ${why}.`);
  }
  throw new CommandError(EXIT.usage, 'The link is not understood: it is to no page.');
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
