/**
 * Builds of the state machine: what decides what an entry does, where that is more than the entry. A
 * page that was loaded before a deployment has another one than a page that was loaded behind it, and
 * SQL may mean something else to it.
 *
 * A build has a name, which the state machine's room makes. Names compare as text: the later build has
 * the greater one. '' is no build: none was adopted, or builds are not told apart.
 */

import { FormatError, type ByteReader, type ByteWriter } from './bytes.ts';
import { MAX_BUILD_CHARACTERS } from './limits.ts';

/** Printable ASCII, at most MAX_BUILD_CHARACTERS. */
export type BuildName = string;

/** What the log has brought a state machine to. */
export interface AdoptedBuild {
  readonly build: BuildName;
  /** State checks behind the adoption have not gone over the whole state yet. */
  readonly goesOn: boolean;
}

export const NO_BUILD: AdoptedBuild = { build: '', goesOn: false };

/** Throws `FormatError` where the name is too long, or not ASCII. */
export function writeBuild(writer: ByteWriter, build: BuildName): void {
  if (build.length > MAX_BUILD_CHARACTERS) throw new FormatError('name of a build too long');
  writer.name(build);
}

export function readBuild(reader: ByteReader): BuildName {
  const build = reader.name();
  if (build.length > MAX_BUILD_CHARACTERS) throw reader.error('name of a build too long');
  return build;
}
