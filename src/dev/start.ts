/**
 * `npm start -- [--https] [--host [name]] [--port N]`: builds the page and serves it, with the
 * signalling server, on one port. `--host` serves the whole network, or the address of that name.
 * `--https` does so with a certificate made on the spot, which every other device has to be told to
 * accept: browsers give a page what a node needs over https and from localhost only.
 */

import { join } from 'node:path';

import { getCertificate } from '@vitejs/plugin-basic-ssl';
import type { PreviewServer } from 'vite';

import { servePage } from './served-page.ts';

const USAGE = 'usage: npm start -- [--https] [--host [name]] [--port number]';
const CERTIFICATE_FOLDER = 'node_modules/.cache/resqlite/certificate';

const ACCEPT = `  The certificate was made on this machine, so no browser knows it. On every other device open the
  address, and accept the certificate there:
    Chrome, Edge, Android   "Advanced", then "Proceed to …"
    Firefox                 "Advanced…", then "Accept the Risk and Continue"
    Safari, iPhone, iPad    "Show Details", then "visit this website"
  What browsers do for trusted certificates only, they leave out: the page cannot be installed there.`;

const NO_HTTPS = `  Over plain http a browser runs a node on this machine only. For other devices:
    npm start -- --https --host`;

interface Settings {
  readonly https: boolean;
  /** True: every address of this machine. */
  readonly host: string | true | null;
  readonly port: string | null;
}

async function main(args: readonly string[]): Promise<void> {
  const settings = settingsOf(args);
  if (settings === null) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  // dev/signalling.ts reads it, and refuses what is no port.
  if (settings.port !== null) process.env['PORT'] = settings.port;
  const server = await servePage({
    ...(settings.host === null ? {} : { host: settings.host }),
    ...(settings.https ? { https: await certificate() } : {}),
  });
  tellAddresses(server, settings);
}

/** Null where they are not understood. */
function settingsOf(args: readonly string[]): Settings | null {
  let settings: Settings = { https: false, host: null, port: null };
  for (let at = 0; at < args.length; at += 1) {
    const value = valueAt(args, at + 1);
    if (args[at] === '--https') {
      settings = { ...settings, https: true };
    } else if (args[at] === '--host') {
      settings = { ...settings, host: value ?? true };
      if (value !== null) at += 1;
    } else if (args[at] === '--port' && value !== null) {
      settings = { ...settings, port: value };
      at += 1;
    } else {
      return null;
    }
  }
  return settings;
}

function valueAt(args: readonly string[], at: number): string | null {
  const value = args[at];
  return value === undefined || value.startsWith('-') ? null : value;
}

/** Key and certificate in one, kept until it expires, so that devices need not accept it daily. */
async function certificate(): Promise<{ cert: string; key: string }> {
  const pem = await getCertificate(join(process.cwd(), CERTIFICATE_FOLDER), 'resqlite');
  return { cert: pem, key: pem };
}

function tellAddresses({ resolvedUrls }: PreviewServer, { https, host }: Settings): void {
  const { local = [], network = [] } = resolvedUrls ?? {};
  console.log('');
  for (const url of local) console.log(`  This machine:  ${url}`);
  for (const url of network) console.log(`  Same network:  ${url}`);
  if (https) console.log(`\n${ACCEPT}`);
  else if (host !== null) console.log(`\n${NO_HTTPS}`);
  console.log('');
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
