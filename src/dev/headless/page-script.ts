/**
 * What the command puts into the page before the page's own scripts: it hears of every database that the
 * page opens (src/client/page-host.ts), and tells the command how they fare. It works in any page that is
 * built on the library, whatever that page shows to others.
 *
 * Functions that run in the page go there as text: they use nothing but their arguments and the page.
 */

/** A node's status, as far as the command tells of it. */
export interface NodeReport {
  readonly type: 'status';
  readonly clusterId: string;
  readonly nodeId: string;
  readonly state: 'joining' | 'running' | 'stopped';
  readonly stoppedReason: string | null;
  readonly role: string;
  readonly term: number;
  readonly leaderId: string | null;
  readonly voters: readonly string[];
  /** Browser profiles that voters live in. */
  readonly voterProfiles: number;
  readonly connectedVoters: number;
  readonly survivesLosses: number;
  readonly survivesProfileLosses: number;
  /** The other members, whether they are in contact. */
  readonly others: readonly { readonly nodeId: string; readonly isAway: boolean }[];
  readonly quarantined: boolean;
  readonly stalledAt: number | null;
  readonly persisted: boolean;
  readonly signalling: string;
  readonly refusal: 'removed' | 'invite' | null;
  /** Other members run a later build, or the cluster does: the page is to be loaded anew. */
  readonly isOutdated: boolean;
}

/** `open` has failed. */
export interface OpenFailure {
  readonly type: 'failed';
  readonly code: string;
  readonly message: string;
}

/** An error that the page has not caught, such as that of its migrations. */
interface PageComplaint {
  readonly type: 'complaint';
  readonly message: string;
}

export type Told = NodeReport | OpenFailure | PageComplaint;

/** What is used of a database (`src/client/database.ts`). */
interface PageDatabase {
  readonly clusterId: string;
  onStatus(listener: (status: PageStatus) => void): () => void;
  status(): Promise<PageStatus>;
  persist(): Promise<boolean>;
  transferLeadership(nodeId: null, options: { timeoutMs: number }): Promise<void>;
  leave(options: { timeoutMs: number }): Promise<{ warning: string }>;
  close(): Promise<void>;
}

interface PageStatus extends Omit<NodeReport, 'type' | 'others' | 'persisted' | 'stalledAt'> {
  readonly members: readonly {
    readonly nodeId: string;
    readonly voter: boolean;
    readonly profileId: string | null;
    readonly liveness: string;
    readonly build: string | null;
  }[];
  readonly stalledAt: { readonly index: number } | null;
  readonly storage: { readonly persisted: boolean };
  readonly transport: { readonly signalling: string; readonly refusal: NodeReport['refusal'] };
  readonly build: { readonly own: string; readonly outdated: boolean };
}

/** The page as these functions know it. */
interface Scope {
  /** Of the library. */
  [host: symbol]: ((opened: Promise<PageDatabase>) => void) | undefined;
  /** Of the command. */
  resqliteDatabases?: PageDatabase[];
  tellResqliteNode?: (told: Told) => Promise<void>;
}

/** Begins to tell; only of the page itself, not of what it has in frames. */
export const WATCH_SCRIPT = `if (self === top) (${String(watchDatabases)})(${String(reportOf)});`;

function watchDatabases(report: typeof reportOf): void {
  const page = globalThis as unknown as Scope;
  const databases: PageDatabase[] = [];
  let lastTold = '';
  const tell = (told: Told): void => {
    const text = JSON.stringify(told);
    if (text !== lastTold) void page.tellResqliteNode?.(told);
    lastTold = text;
  };
  const watch = async (opened: Promise<PageDatabase>): Promise<void> => {
    try {
      const database = await opened;
      databases.push(database);
      database.onStatus((status) => tell(report(status)));
      await database.persist().catch(() => false);
    } catch (error) {
      const { code = 'Internal', message = String(error) } = error as Partial<OpenFailure>;
      tell({ type: 'failed', code, message });
    }
  };
  page.resqliteDatabases = databases;
  page[Symbol.for('resqlite.host')] = (opened) => void watch(opened);
}

function reportOf(status: PageStatus): NodeReport {
  const { nodeId, members, build } = status;
  const voters = members.filter(({ voter }) => voter);
  return {
    type: 'status',
    clusterId: status.clusterId,
    nodeId,
    state: status.state,
    stoppedReason: status.stoppedReason,
    role: status.role,
    term: status.term,
    leaderId: status.leaderId,
    voters: status.voters,
    voterProfiles: new Set(voters.map((voter) => voter.profileId ?? voter.nodeId)).size,
    connectedVoters: status.connectedVoters,
    survivesLosses: status.survivesLosses,
    survivesProfileLosses: status.survivesProfileLosses,
    others: members
      .filter((member) => member.nodeId !== nodeId)
      .map((member) => ({ nodeId: member.nodeId, isAway: member.liveness === 'away' })),
    quarantined: status.quarantined,
    stalledAt: status.stalledAt?.index ?? null,
    persisted: status.storage.persisted,
    signalling: status.transport.signalling,
    refusal: status.transport.refusal,
    isOutdated: build.outdated || members.some((member) => (member.build ?? '') > build.own),
  };
}

/** Whether the node answers. */
export async function answers(clusterId: string): Promise<boolean> {
  const databases = (globalThis as unknown as Scope).resqliteDatabases ?? [];
  const own = databases.findLast((database) => database.clusterId === clusterId);
  if (own !== undefined) await own.status();
  return true;
}

/** Hands over what it leads, and closes all; answers who leads the cluster then, if it was this node. */
export async function putAway(clusterId: string): Promise<string | null> {
  const databases = (globalThis as unknown as Scope).resqliteDatabases ?? [];
  const own = databases.findLast((database) => database.clusterId === clusterId);
  const successor = async (): Promise<string | null> => {
    if (own === undefined) return null;
    const { role, voters } = await own.status();
    if (role !== 'leader' || voters.length === 1) return null;
    await own.transferLeadership(null, { timeoutMs: 5_000 });
    return (await own.status()).leaderId;
  };
  const leaderId = await successor().catch(() => null);
  await Promise.allSettled(databases.map((database) => database.close()));
  return leaderId;
}

/** Takes the node out of its cluster; answers the error's message where that fails. */
export async function leaveCluster(
  clusterId: string,
): Promise<{ readonly warning: string } | { readonly error: string }> {
  const databases = (globalThis as unknown as Scope).resqliteDatabases ?? [];
  const own = databases.findLast((database) => database.clusterId === clusterId);
  if (own === undefined) return { error: 'the page has closed its database' };
  try {
    return await own.leave({ timeoutMs: 30_000 });
  } catch (error) {
    return { error: String((error as { message?: string }).message ?? error) };
  }
}
