/** How pages of others are served in tests: as they are, with a signalling server on the same port. */

import { defineConfig } from 'vite';

import { signalling } from '../../src/dev/signalling.ts';

export default defineConfig({ appType: 'mpa', plugins: [signalling()] });
