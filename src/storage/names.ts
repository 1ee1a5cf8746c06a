/**
 * Where everything is: the names of files, databases and locks, and how ids are drawn.
 *
 *   OPFS       /<root>/registry-a, /<root>/registry-b      the registry's two slots
 *              /<root>/<clusterId>/outbox-a, outbox-b        the two slots of a cluster's outbox
 *              /<root>/<clusterId>/<nodeId>/journal-a, …-b a node's log, the journal's two files
 *              /<root>/<clusterId>/<nodeId>/sqlite/        a node's state machine
 *   IndexedDB  <root>-registry                             the registry's other copy
 *              <root>-outbox-<clusterId>                   the outbox's other copy
 *              <root>-log-<clusterId>-<nodeId>             the log's other copy
 *   Web Locks  <root>:registry                             held while the registry is changed
 *              <root>:node:<clusterId>:<nodeId>            held for life by the worker that is the node
 *              <root>:woken:<clusterId>:<nodeId>           held besides where it is to be had for the asking
 *              <root>:forgetting:<clusterId>               held while a node is given up unasked
 *              <root>:outbox:<clusterId>                   held while the outbox is changed
 *              <root>:outbox-sender:<clusterId>            held by whoever sends what is in it
 *   Broadcast  <root>:take-over:<clusterId>                where a woken node is asked for
 *              <root>:outbox:<clusterId>                   tells the profile's tabs that it has changed
 *
 * The root is `resqlite`; only tests, which share one origin, take others.
 */

import type { NodeId } from '../raft/types.ts';

export const STORAGE_ROOT = 'resqlite';

/** Whose log it is. */
export interface NodeIdentity {
  readonly clusterId: string;
  readonly nodeId: NodeId;
}

export const REGISTRY_SLOTS = ['registry-a', 'registry-b'] as const;
export const OUTBOX_SLOTS = ['outbox-a', 'outbox-b'] as const;
export const JOURNAL_FILES = ['journal-a', 'journal-b'] as const;

export function nodeDirectory(root: string, identity: NodeIdentity): readonly string[] {
  return [root, identity.clusterId, identity.nodeId];
}

export function sqliteDirectory(root: string, identity: NodeIdentity): string {
  return `/${[...nodeDirectory(root, identity), 'sqlite'].join('/')}`;
}

export function logDatabase(root: string, identity: NodeIdentity): string {
  return `${root}-log-${identity.clusterId}-${identity.nodeId}`;
}

export function registryDatabase(root: string): string {
  return `${root}-registry`;
}

export function registryLock(root: string): string {
  return `${root}:registry`;
}

export function nodeLock(root: string, identity: NodeIdentity): string {
  return `${root}:node:${identity.clusterId}:${identity.nodeId}`;
}

export function wokenLock(root: string, identity: NodeIdentity): string {
  return `${root}:woken:${identity.clusterId}:${identity.nodeId}`;
}

export function forgettingLock(root: string, clusterId: string): string {
  return `${root}:forgetting:${clusterId}`;
}

export function takeOverChannel(root: string, clusterId: string): string {
  return `${root}:take-over:${clusterId}`;
}

export function clusterDirectory(root: string, clusterId: string): readonly string[] {
  return [root, clusterId];
}

export function outboxDatabase(root: string, clusterId: string): string {
  return `${root}-outbox-${clusterId}`;
}

/** Also what its tabs tell each other changes by. */
export function outboxLock(root: string, clusterId: string): string {
  return `${root}:outbox:${clusterId}`;
}

export function outboxSenderLock(root: string, clusterId: string): string {
  return `${root}:outbox-sender:${clusterId}`;
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const ID_CHARACTERS = 16;
const SECRET_BYTES = 32;

/** 80 random bits as base32: never drawn twice, neither for clusters nor for nodes. */
export function newId(): string {
  const random = crypto.getRandomValues(new Uint8Array(ID_CHARACTERS));
  return Array.from(random, (byte) => BASE32.charAt(byte & 31)).join('');
}

export function newNodeId(): NodeId {
  return newId() as NodeId;
}

/** 256 random bits as base64url without padding. */
export function newSecret(): string {
  const random = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const base64 = btoa(String.fromCharCode(...random));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
