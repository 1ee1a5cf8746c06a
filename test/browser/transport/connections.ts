/** Counts the page's RTCPeerConnections: how many were made, and how many are not closed. */

const made: RTCPeerConnection[] = [];

/** From now on every RTCPeerConnection of this page is counted. */
export function watchConnections(): void {
  const Original = RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      made.push(this);
    }
  };
}

/** The connections that are not closed. */
export function connections(): RTCPeerConnection[] {
  return made.filter((connection) => connection.signalingState !== 'closed');
}

export function madeConnections(): number {
  return made.length;
}

export function liveConnections(): number {
  return connections().length;
}
