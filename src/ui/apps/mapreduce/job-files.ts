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

export interface TakenFiles {
  /** Those that were there, and those that have come. */
  readonly files: readonly JobFile[];
  /** A sentence for each that was not taken. */
  readonly problems: readonly string[];
}

/** A file of the same name takes the place of the one that is there. */
export async function takeFiles(
  there: readonly JobFile[],
  sources: readonly SourceFile[],
): Promise<TakenFiles> {
  const files = new Map(there.map((file) => [file.name, file]));
  const problems: string[] = [];
  for (const source of sources) {
    const file = await readText(source);
    const problem = typeof file === 'string' ? file : misfit(files, file);
    if (problem !== null) problems.push(`${source.name} ${problem}.`);
    else if (typeof file !== 'string') files.set(file.name, file);
  }
  return { files: [...files.values()], problems };
}

export function bytesOf(files: Iterable<JobFile>): number {
  let total = 0;
  for (const { bytes } of files) total += bytes;
  return total;
}

/** The file, or what is wrong with it. */
async function readText(source: SourceFile): Promise<JobFile | string> {
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
