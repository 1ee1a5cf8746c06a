/** What `npm pack` makes of the library as it is built now. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** How large the file would be that is published. */
export async function tarballBytes(): Promise<number> {
  // Without what it runs before, which is what asks here.
  const child = spawn('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error('npm pack failed.');
  const [packed] = JSON.parse(output) as readonly { readonly size: number }[];
  if (packed === undefined) throw new Error('npm pack packs nothing.');
  return packed.size;
}
