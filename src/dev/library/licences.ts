/** The licences of the packages that the library's files hold parts of, as they ask for it: a file beside. */

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { FOLDER } from './contents.ts';

const LICENCES_FILE = 'third-party-licences.txt';

const PACKAGES = 'node_modules';
const PACKAGE =
  /[/\\]node_modules[/\\](?<name>(?:@[^/\\]+[/\\])?[^/\\]+)[/\\](?!.*[/\\]node_modules[/\\])/;
const LICENCE = /^licen[cs]e(?:\.\w+)?$/i;
const RULE = '-'.repeat(80);

/** Packages whose files hold another one whole. */
const HELD: Readonly<Record<string, readonly string[]>> = { peerjs: ['eventemitter3'] };
/** Where the text is of a licence that a package names and does not bring. */
const TEXTS: Readonly<Record<string, string>> = { 'Apache-2.0': 'typescript/LICENSE.txt' };

/** The name of the package that a module is of; null: it is ours. */
export function packageOf(moduleId: string): string | null {
  return PACKAGE.exec(moduleId)?.groups?.['name']?.replaceAll('\\', '/') ?? null;
}

/** Of these packages. Throws where one says nothing of its licence. */
export async function writeLicences(packages: Iterable<string>): Promise<void> {
  const names = [...packages].flatMap((name) => [name, ...(HELD[name] ?? [])]);
  const texts = await Promise.all([...new Set(names)].toSorted().map(licenceOf));
  const head = 'The files of this package hold parts of the following packages.\n';
  await writeFile(join(FOLDER, LICENCES_FILE), [head, ...texts].join(`\n${RULE}\n\n`));
}

async function licenceOf(name: string): Promise<string> {
  const folder = join(PACKAGES, name);
  const { version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly version: string;
    readonly license?: string;
  };
  const own = (await readdir(folder)).find((file) => LICENCE.test(file));
  const file = own === undefined ? TEXTS[license ?? ''] : `${name}/${own}`;
  if (license === undefined || file === undefined) throw new Error(`What is ${name}'s licence?`);
  const text = await readFile(join(PACKAGES, file), 'utf8');
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}
