/** The files that become a job's inputs: what is taken, and why something is not. */

import type { JobInput } from '../../../apps/mapreduce/job.ts';
import { formatBytes, formatCount } from '../../wording.ts';

export const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Inputs are replicated to every member before the job begins. */
export const TOTAL_BYTES_MAX = 64 * 1024 * 1024;
export const FILES_MAX = 1_000;

export interface JobFile extends JobInput {
  readonly bytes: number;
}

/** What of a `File` is needed here. */
export type SourceFile = Pick<File, 'name' | 'size' | 'arrayBuffer'>;

export interface TakenFile {
  /** Those that were there, and the one that has come. */
  readonly files: readonly JobFile[];
  /** A sentence where it was not taken. */
  readonly problem: string | null;
}

/** What `readFile` made of it beside those that are there; one of the same name takes the other's place. */
export function withFile(
  there: readonly JobFile[],
  name: string,
  read: JobFile | string,
): TakenFile {
  const files = new Map(there.map((file) => [file.name, file]));
  const problem = typeof read === 'string' ? read : misfit(files, read);
  if (problem !== null) return { files: there, problem: `${name} ${problem}.` };
  if (typeof read !== 'string') files.set(name, read);
  return { files: [...files.values()], problem: null };
}

export function bytesOf(files: Iterable<JobFile>): number {
  let total = 0;
  for (const { bytes } of files) total += bytes;
  return total;
}

/** The file, or what is wrong with it. */
export async function readFile(source: SourceFile): Promise<JobFile | string> {
  const { name, size } = source;
  if (size > FILE_BYTES_MAX) return `is larger than ${formatBytes(FILE_BYTES_MAX)}`;
  let bytes: ArrayBuffer;
  try {
    bytes = await source.arrayBuffer();
  } catch {
    return 'cannot be read';
  }
  try {
    return { name, contents: new TextDecoder('utf-8', { fatal: true }).decode(bytes), bytes: size };
  } catch {
    return 'is no text in UTF-8';
  }
}

/** What is wrong with it beside the others; null: nothing. */
function misfit(files: ReadonlyMap<string, JobFile>, { name, bytes }: JobFile): string | null {
  const others = [...files.values()].filter((file) => file.name !== name);
  if (others.length >= FILES_MAX) return `is one more than ${formatCount(FILES_MAX)} files`;
  if (bytesOf(others) + bytes > TOTAL_BYTES_MAX) {
    return `makes it more than ${formatBytes(TOTAL_BYTES_MAX)} together`;
  }
  return null;
}
