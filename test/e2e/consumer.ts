/**
 * A program of somebody else that uses the library: a folder outside of this project, with the library as
 * its package holds it, and of this project's other packages those that are named. Nothing else is there
 * to be found by accident.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { childEnvironment, PageServer, ROOT, VITE } from './server.ts';
import { StaticServer, type Hosting } from './static-server.ts';

/** Of whatever `npm pack` made before the tests. */
export const PACKAGE_FOLDER = join(ROOT, 'node_modules/.cache/e2e/package');
export const PACKAGE = join(PACKAGE_FOLDER, 'resqlite.tgz');

const TYPESCRIPT = join(ROOT, 'node_modules/@typescript/native/bin/tsc');
const SERVER_CONFIG = join(ROOT, 'test/e2e/consumer.config.ts');

/** Texts by their paths in the folder. */
export type Files = Readonly<Record<string, string>>;

/** A page of somebody else, with what is in its body. */
export function pageOf(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <link rel="icon" href="data:," />
    <title>${title}</title>
  </head>
  <body>${body}</body>
</html>
`;
}

/** One whose program is the module `main.js` beside it. */
export function modulePage(title: string): string {
  return pageOf(title, '<script type="module" src="./main.js"></script>');
}

export class Consumer {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** `packages` are names of packages of this project. */
  static async create(files: Files, packages: readonly string[] = []): Promise<Consumer> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'resqlite-consumer-')));
    const consumer = new Consumer(folder);
    const library = join(folder, 'node_modules/resqlite');
    await mkdir(library, { recursive: true });
    // What debuggers read is half of it, and nothing here is debugged.
    const unpack = ['--exclude=*.map', '--strip-components=1', '-xzf', PACKAGE, '-C', library];
    await run('tar', unpack, folder);
    for (const name of packages) {
      const place = join(folder, 'node_modules', name);
      await mkdir(dirname(place), { recursive: true });
      await symlink(join(ROOT, 'node_modules', name), place);
    }
    await consumer.write(files);
    return consumer;
  }

  async write(files: Files): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }

  /** As its own `tsconfig.json` says. Throws with what the compiler says. */
  async checkTypes(compiler = TYPESCRIPT): Promise<void> {
    await run(process.execPath, [compiler, '--project', this.folder], this.folder);
  }

  /** By vite as it comes, into `dist`. Throws with what vite says. */
  async build(): Promise<string> {
    await run(
      process.execPath,
      [VITE, 'build', '--minify', 'false', '--logLevel', 'warn'],
      this.folder,
    );
    return join(this.folder, 'dist');
  }

  /** A program for Node, which runs in the folder; answers what it prints. Throws where it fails. */
  async node(...args: readonly string[]): Promise<string> {
    return run(process.execPath, args, this.folder);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Programs of others, and the servers of what they were built to. */
export class Consumers {
  readonly #made: { remove(): Promise<void> }[] = [];

  async create(files: Files, packages: readonly string[] = []): Promise<Consumer> {
    const consumer = await Consumer.create(files, packages);
    this.#made.push(consumer);
    return consumer;
  }

  /** Serves a folder, with nothing of this project but its signalling server at /peerjs. */
  async serve(folder: string): Promise<PageServer> {
    const server = await PageServer.start(folder, SERVER_CONFIG);
    this.#made.push({ remove: () => server.stop() });
    return server;
  }

  /** Serves a program in development, as `npx vite` does. */
  async develop(consumer: Consumer): Promise<PageServer> {
    const server = await PageServer.develop(consumer.folder);
    this.#made.push({ remove: () => server.stop() });
    return server;
  }

  /** Serves a folder as any web host does. */
  async host(folder: string, hosting: Hosting = {}): Promise<StaticServer> {
    const server = await StaticServer.start(folder, hosting);
    this.#made.push({ remove: () => server.stop() });
    return server;
  }

  /** Ends all servers and removes all folders. */
  async end(): Promise<void> {
    for (const one of this.#made.splice(0).toReversed()) await one.remove();
  }
}

/** Answers what the command prints. Throws with that, where it fails. */
export async function run(
  command: string,
  args: readonly string[],
  folder: string,
): Promise<string> {
  const child = spawn(command, args, {
    cwd: folder,
    env: childEnvironment({}),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${output}`);
  return output;
}
