/**
 * Leaves out of PeerJS's bundle the shims for the WebRTC of old browsers: a vite plugin. PeerJS asks
 * them only which browser this is, for a text that nobody reads here; what is not there it looks for
 * itself. Every browser that can run a node has WebRTC as the standard has it, and shims that wrap its
 * objects would only be in the way of channels that move to a worker.
 */

import type { Plugin } from 'vite';

const SHIMS = 'webrtc-adapter';
const STAND_IN = '\0resqlite:webrtc-adapter';

export function leanPeerJs(): Pick<Plugin, 'name' | 'enforce' | 'resolveId' | 'load'> {
  return {
    name: 'resqlite:lean-peerjs',
    enforce: 'pre',
    resolveId: (id) => (id === SHIMS ? STAND_IN : null),
    load: (id) =>
      id === STAND_IN ? 'export default { browserDetails: { browser: "", version: null } };' : null,
  };
}
