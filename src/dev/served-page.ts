/** Builds the page and serves it, with the signalling server, on one port: PORT, or 5173. */

import { build, preview, type PreviewOptions, type PreviewServer } from 'vite';

export async function servePage(
  options: PreviewOptions,
  outDir: string | null = null,
): Promise<PreviewServer> {
  const folder = outDir === null ? {} : { outDir, emptyOutDir: true };
  await build({ logLevel: 'error', build: folder });
  return preview({ preview: options, build: folder });
}
