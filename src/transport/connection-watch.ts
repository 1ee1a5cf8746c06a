/**
 * Whether a connection's way to the other end is gone for good, as its engine sees it (page only). A
 * link notices silence sooner by itself; this is for what a link cannot know: that nothing will come
 * any more, although the channel reads `open` for a minute longer.
 *
 * 'failed' is final. 'disconnected' may pass, so it has ICE_PATIENCE_MS to do so; PeerJS only notes it.
 * Both states are looked at, because engines differ in which of them gets to 'failed'.
 */

import { ICE_PATIENCE_MS } from '../node/limits.ts';

type WatchedConnection = Pick<
  RTCPeerConnection,
  'connectionState' | 'iceConnectionState' | 'addEventListener' | 'removeEventListener'
>;

/** Calls `onDead` at most once, never at once; the answer ends the watch. */
export function watchConnection(connection: WatchedConnection, onDead: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const stop = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    connection.removeEventListener('connectionstatechange', look);
    connection.removeEventListener('iceconnectionstatechange', look);
  };
  const end = (): void => {
    stop();
    onDead();
  };
  function look(): void {
    const states: readonly string[] = [connection.connectionState, connection.iceConnectionState];
    if (states.includes('failed')) {
      end();
    } else if (!states.includes('disconnected')) {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    } else {
      timer ??= setTimeout(end, ICE_PATIENCE_MS);
    }
  }
  connection.addEventListener('connectionstatechange', look);
  connection.addEventListener('iceconnectionstatechange', look);
  return stop;
}
