/**
 * Serves each of the workers that the tests here start by the hundred as one file: a vite plugin. A
 * development server would be asked for every module of it at each start, which costs more than what is
 * tested.
 */

import { join } from 'node:path';

import { build, type Plugin, type ViteDevServer } from 'vite';

const WORKERS = [
  'src/lab-worker.ts',
  'src/sql-worker.ts',
  'test/browser/storage/storage-worker.ts',
  'test/browser/transport/mesh-worker.ts',
];
/** Of the server's plugins, those that change sources: one is there only where a mutant is hunted. */
const SOURCE_PLUGINS = ['mutation', 'resqlite:lean-sqlite'];

export function bundledWorkers(): Plugin {
  const bundles = new Map<string, Promise<string>>();
  return {
    name: 'resqlite:bundled-workers',
    configureServer: (server) => {
      server.middlewares.use((request, response, next) => {
        const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
        const worker = WORKERS.find((file) => pathname === `/${file}`);
        if (worker === undefined || !searchParams.has('worker_file')) {
          next();
          return;
        }
        const bundle = bundles.get(worker) ?? bundled(worker, server);
        bundles.set(worker, bundle);
        const type = 'text/javascript';
        bundle.then((code) => response.setHeader('Content-Type', type).end(code), next);
      });
    },
  };
}

async function bundled(worker: string, { config }: ViteDevServer): Promise<string> {
  const built = await build({
    root: config.root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    plugins: config.plugins.filter(({ name }) => SOURCE_PLUGINS.includes(name)),
    build: {
      write: false,
      minify: false,
      target: 'es2023',
      rolldownOptions: {
        input: join(config.root, worker),
        output: { format: 'es', codeSplitting: false },
      },
    },
  });
  const outputs = Array.isArray(built) ? built : [built];
  const chunks = outputs.flatMap((one) => ('output' in one ? one.output : []));
  const code = chunks.flatMap((one) => (one.type === 'chunk' ? one.code : []));
  if (code.length !== 1) throw new Error(`${worker} became ${code.length} files.`);
  return code.join('');
}
