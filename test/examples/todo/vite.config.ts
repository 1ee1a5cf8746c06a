/** The signalling server (`npm run signalling`) on the page's own port, where `signalling: {}` looks for it. */

import { defineConfig } from 'vite';

export default defineConfig({
  server: { proxy: { '/peerjs': { target: 'http://localhost:9000', ws: true } } },
});
