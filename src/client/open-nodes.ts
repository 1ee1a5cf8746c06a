/**
 * The nodes of this page: one for each cluster, however often it is opened. Every caller gets a
 * handle of its own, and the node closes with the last of them. A second node of the same page would
 * be a second member of the cluster that dies together with the first: there are more only where they
 * are asked for (woken-nodes.ts).
 */

import type { SignallingSettings } from '../node/signalling-settings.ts';
import type { NodeId } from '../raft/types.ts';
import { checkAutopilot } from './arguments.ts';
import { aborted, withinLimits } from './call-limits.ts';
import { DatabaseHandle } from './database-handle.ts';
import type { Database } from './database.ts';
import { invalidArgument, toReadError, type ResqliteError } from './errors.ts';
import { isClusterId, parseInviteLink } from './invite-link.ts';
import { late, LATE_PARTS } from './late-code.ts';
import type { Migration } from './migration.ts';
import type { PageHost } from './page-host.ts';
import type { AutopilotOptions, ClusterEntry, Invite, Keepsake, OpenResult } from './protocol.ts';
import { serveSignalling, Signalling, type StartSignalling as StartServer } from './signalling.ts';
import { TabNode, type StartSignalling, type StartTransport, type TabWorkers } from './tab-node.ts';
import { WokenNodes } from './woken-nodes.ts';
import type { AssetOptions } from './worker-files.ts';

/**
 * Which cluster is opened, and how its others are found.
 *
 * @category Opening
 *
 * @example
 * ```ts
 * import { open, type OpenOptions } from 'resqlite';
 *
 * const options: OpenOptions = {
 *   signalling: { host: 'signalling.example.org', iceServers: [{ urls: 'stun:stun.example.org' }] },
 *   autopilot: { maxVoters: 3 },
 * };
 * const db = await open(options);
 *
 * // A page has one node of a cluster: this is another handle of it.
 * const again = await open({ cluster: db.clusterId });
 * again.nodeId === db.nodeId; // => true
 * ```
 */
export interface OpenOptions extends AssetOptions {
  /**
   * An invite link, or the id of a cluster this browser is a member of. Where not given, or null: the
   * origin's default cluster, which is founded if there is none.
   */
  readonly cluster?: string | URL | null;
  /**
   * How this page finds other tabs and browsers: where the PeerJS server is, `{}` for the page's own origin;
   * or a `Signalling`, which can be changed while the node runs. Without it the node stays alone.
   */
  readonly signalling?: SignallingSettings | Signalling;
  /** Of the page's node, by whoever opens it first. */
  readonly autopilot?: AutopilotOptions;
  /**
   * What makes the schema that this page's code is written for. `open` resolves when all of them are
   * applied, each exactly once in the cluster, whichever tab does it: at once, and without a majority, where
   * this tab's copy of the data has them already. It rejects as `Database.migrate` does, and its handle is
   * closed then. As long as the handle is open, a file that is imported and lacks some gets them, too.
   */
  readonly migrations?: readonly Migration[];
  /**
   * How long `open` waits for a majority where migrations are missing, and until they are applied; 30 s
   * where not given, `Infinity`: as long as it takes. When it gives up, the page's node is closed, and is not
   * there for others who wait. A page that shows something meanwhile, or whose cluster is of several browsers,
   * calls `open()` first, and `db.migrate()` then.
   */
  readonly migrationTimeoutMs?: number;
  /**
   * Ends the wait for the node, and for migrations: `open` rejects with 'Aborted', and a node that nobody
   * else has open is closed.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called once, when the schema becomes one that `migrations` do not make, while this page runs: with
   * 'NewerSchema' where another tab, with a newer version of the page, has applied more of them; with
   * 'ChangedMigration' where a file was imported that others have made. Nothing is stopped by it: what this
   * page reads and writes goes on, on the new schema. It should ask for a reload. 'InvalidArgument' without
   * `migrations`.
   */
  readonly onNewerSchema?: (error: ResqliteError) => void;
  /**
   * When the page fetches what few pages need (transactions, scripts, migrations, files: 26 KB). 'when-idle',
   * where not given: some seconds after its node runs, so that it has it when its server is away.
   * 'when-needed': at the first call for it, which fails with 'Internal' where the server is away.
   */
  readonly lateParts?: 'when-idle' | 'when-needed';
}

/** What the platform does for it. */
export interface OpenPlatform {
  /** Throws `ResqliteError` where there are none. */
  readonly startWorkers: (assets: AssetOptions['assets']) => TabWorkers;
  /** What this tab remembers over a reload; null where the browser denies it. */
  readonly memory: Pick<Storage, 'getItem' | 'setItem'> | null;
  /** The same signalling for all nodes of the page, which reach each other without it, too. */
  readonly linkLocally: (start: StartSignalling) => StartTransport;
  /** Throws where the browser cannot run a node. */
  readonly checkSupport: () => void;
  /** Signalling by a PeerJS server. */
  readonly startSignalling: StartServer;
  /** Tells the node how the page fares; the answer ends it. */
  readonly watchPage: (node: TabNode) => () => void;
  /** The program that runs the page, if one does. */
  readonly host: () => PageHost | null;
  /** When the page is idle; those that are there are not fetched again. */
  readonly fetchLateParts: () => void;
}

interface OpenNode {
  readonly node: TabNode;
  readonly woken: WokenNodes;
  readonly result: OpenResult;
  readonly unwatch: () => void;
  handles: number;
  /** The program that runs the page has a handle, too, and that one keeps a node that runs. */
  isHosted: boolean;
  isClosed: boolean;
}

/** Of one profile: so many are opened in vain at most. */
const MAX_REMOVED_NODES = 16;

interface Wanted {
  readonly invite: Invite | null;
  readonly clusterId: string | null;
}

export class OpenNodes {
  readonly #platform: OpenPlatform;
  readonly #openByClusterId = new Map<string, OpenNode>();
  /** What nodes that are closed by now left, by cluster. */
  readonly #keepsakeByClusterId = new Map<string, Keepsake>();
  #defaultClusterId: string | null = null;
  /** Nodes are opened one after the other: only then is it known which cluster the default is. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(platform: OpenPlatform) {
    this.#platform = platform;
  }

  open(options: OpenOptions): Promise<Database> {
    const started = this.#turn.then(() => this.#open(options));
    this.#turn = started.catch(() => undefined);
    const { signal = null, migrations } = options;
    const handle = started.then((opened) => this.#handle(opened));
    const opened = signal === null ? handle : whileWanted(handle, signal);
    const host = this.#platform.host();
    if (migrations === undefined) {
      host?.(opened);
      return opened;
    }
    // The node is of use to others whatever comes of the schema that this page needs.
    host?.(started.then((node) => this.#hostHandle(node)));
    // Whoever waits for a majority holds up nobody else.
    return migrated(opened, options);
  }

  /** Asked of whatever node is open, else of workers that are there for this alone. */
  async clusters({ assets }: AssetOptions = {}): Promise<readonly ClusterEntry[]> {
    this.#platform.checkSupport();
    const present = this.#running();
    const node = present?.node ?? new TabNode(this.#platform.startWorkers(assets), noSignalling);
    try {
      return await node.node('clusters', []);
    } catch (error) {
      throw toReadError(error);
    } finally {
      if (present === undefined) node.terminate('Closed', 'it has answered');
    }
  }

  /** The caller's handle of it is counted already. */
  async #open(options: OpenOptions): Promise<OpenNode> {
    this.#platform.checkSupport();
    if (options.onNewerSchema !== undefined && options.migrations === undefined) {
      throw invalidArgument('onNewerSchema needs migrations');
    }
    if (options.signal?.aborted === true) throw aborted('no');
    const wanted = parseCluster(options.cluster);
    const clusterId = idOf(wanted) ?? (await this.#defaultCluster());
    const present = clusterId === null ? undefined : this.#openByClusterId.get(clusterId);
    const isThere = present !== undefined && !present.node.ended;
    // Of one that only the host had a handle of.
    if (present?.node.ended === true && present.handles === 0) await this.#close(present);
    if (isThere) this.#remember(memoryKey(idOf(wanted)), present.result.nodeId);
    const opened = isThere ? present : await this.#start(wanted, clusterId, options);
    opened.handles += 1;
    return opened;
  }

  /** Null where it is not known. A node started to find out would be a further member. */
  async #defaultCluster(): Promise<string | null> {
    const present = this.#running();
    if (this.#defaultClusterId !== null || present === undefined) return this.#defaultClusterId;
    const known = await present.node.node('clusters', []).catch(() => []);
    return known.find(({ isDefault }) => isDefault)?.clusterId ?? null;
  }

  #running(): OpenNode | undefined {
    return [...this.#openByClusterId.values()].find(({ node }) => !node.ended);
  }

  /** `knownId`: of what is wanted, as far as it is known. */
  async #start(wanted: Wanted, knownId: string | null, options: OpenOptions): Promise<OpenNode> {
    const autopilot = checkAutopilot(options.autopilot ?? {});
    const startTransport = this.#platform.linkLocally(this.#signallingOf(options));
    const start = (): TabNode =>
      new TabNode(this.#platform.startWorkers(options.assets), startTransport);
    const key = memoryKey(idOf(wanted));
    const preferredNodeId = this.#remembered(key);
    const keepsake = this.#keepsakeOf(knownId);
    // By its id: where all of it was deleted, nothing says that it was this origin's default.
    const which = keepsake === null || wanted.invite !== null ? wanted.clusterId : knownId;
    const rest = { preferredNodeId, autopilot, keepsake, woken: false };
    const request = { invite: wanted.invite, clusterId: which, ...rest };
    const { node, result } = await openMember(start, request);
    const { clusterId, nodeId } = result;
    if (idOf(wanted) === null) this.#defaultClusterId = clusterId;
    const present = this.#openByClusterId.get(clusterId);
    if (present !== undefined && !present.node.ended) {
      // What was asked for has gone on as a cluster that is open here.
      await node.close();
      this.#remember(key, present.result.nodeId);
      return present;
    }
    this.#remember(key, nodeId);
    this.#remember(memoryKey(clusterId), nodeId);
    const { watchPage } = this.#platform;
    const woken = new WokenNodes({ clusterId, nodeId, node, autopilot, start, watchPage });
    const unwatch = watchPage(node);
    const opened = { node, woken, result, unwatch, handles: 0, isHosted: false, isClosed: false };
    this.#openByClusterId.set(clusterId, opened);
    if (options.lateParts !== 'when-needed') this.#platform.fetchLateParts();
    return opened;
  }

  #signallingOf({ signalling: given }: OpenOptions): StartSignalling {
    if (given === undefined) return noSignalling;
    const signalling = given instanceof Signalling ? given : new Signalling(given);
    return (port) => serveSignalling(signalling, port, this.#platform.startSignalling);
  }

  /** It is counted already. */
  #handle(opened: OpenNode): Database {
    return handleOf(opened, async () => {
      opened.handles -= 1;
      const isKept = opened.isHosted && !opened.node.ended;
      if (opened.handles === 0 && !isKept) await this.#close(opened);
    });
  }

  /** Closing it closes the node. */
  #hostHandle(opened: OpenNode): Database {
    opened.isHosted = true;
    return handleOf(opened, () => this.#close(opened));
  }

  async #close(opened: OpenNode): Promise<void> {
    if (opened.isClosed) return;
    opened.isClosed = true;
    const { node, woken, result, unwatch } = opened;
    const { clusterId } = result;
    if (this.#openByClusterId.get(clusterId) === opened) this.#openByClusterId.delete(clusterId);
    unwatch();
    const { keepsake } = node;
    if (keepsake !== null) this.#keepsakeByClusterId.set(clusterId, keepsake);
    await Promise.all([woken.close(), node.close()]);
  }

  #keepsakeOf(clusterId: string | null): Keepsake | null {
    if (clusterId === null) return null;
    const present = this.#openByClusterId.get(clusterId)?.node.keepsake ?? null;
    return present ?? this.#keepsakeByClusterId.get(clusterId) ?? null;
  }

  #remembered(key: string): NodeId | null {
    try {
      return (this.#platform.memory?.getItem(key) ?? null) as NodeId | null;
    } catch {
      return null;
    }
  }

  #remember(key: string, nodeId: NodeId): void {
    try {
      this.#platform.memory?.setItem(key, nodeId);
    } catch {
      // A tab that may not remember its identity takes any free one of its origin at the next load.
    }
  }
}

function handleOf({ node, woken, result }: OpenNode, release: () => Promise<void>): Database {
  return new DatabaseHandle(node, woken, result, release);
}

/** The handle, unless the signal fires first: then it is closed as soon as it is there. */
async function whileWanted(handle: Promise<Database>, signal: AbortSignal): Promise<Database> {
  try {
    const limits = { timeoutMs: null, signal, appliedIfSent: 'no' } as const;
    return await withinLimits(limits, () => handle);
  } catch (error) {
    handle.then((unwanted) => unwanted.close()).catch(() => undefined);
    throw error;
  }
}

/** The handle, when its schema is there; it is closed where that fails. */
async function migrated(opened: Promise<Database>, options: OpenOptions): Promise<Database> {
  const fetched = late(LATE_PARTS.migrationWatch);
  // It is looked at when the node runs.
  fetched.catch(() => undefined);
  const db = await opened;
  try {
    const { openMigrated } = await fetched;
    await openMigrated(db, options);
    return db;
  } catch (error) {
    await db.close().catch(() => undefined);
    throw error;
  }
}

/** A stored node that turns out to be removed is retired by that, and the next one is opened. */
async function openMember(
  start: () => TabNode,
  wanted: Parameters<TabNode['open']>[0],
): Promise<{ readonly node: TabNode; readonly result: OpenResult }> {
  for (let attempt = 1; ; attempt += 1) {
    const node = start();
    try {
      const result = await node.open(wanted);
      if (!node.isRemoved || attempt === MAX_REMOVED_NODES) return { node, result };
    } catch (error) {
      const failed = toReadError(error);
      node.terminate(failed.code, failed.message);
      if (!node.isRemoved || attempt === MAX_REMOVED_NODES) throw failed;
    }
    node.terminate('Removed', 'another node takes its place');
  }
}

function noSignalling(): { close(): void } {
  return { close: () => undefined };
}

function memoryKey(clusterId: string | null): string {
  return `resqlite:node:${clusterId ?? 'default'}`;
}

/** Null: the default cluster's, whichever that is. */
function idOf({ invite, clusterId }: Wanted): string | null {
  return invite?.clusterId ?? clusterId;
}

function parseCluster(cluster: string | URL | null | undefined): Wanted {
  if (cluster === undefined || cluster === null) return { invite: null, clusterId: null };
  if (typeof cluster === 'string' && isClusterId(cluster)) {
    return { invite: null, clusterId: cluster };
  }
  if (typeof cluster === 'string' || cluster instanceof URL) {
    return { invite: parseInviteLink(cluster), clusterId: null };
  }
  throw invalidArgument('cluster must be an invite link or a cluster id');
}
