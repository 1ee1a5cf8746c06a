/**
 * The PeerJS signalling server as part of an HTTP server that already exists, and the vite plugin
 * that puts it into vite's own, so that page and signalling share one port.
 *
 * `peer` would listen to every WebSocket upgrade of the server it is given, and answer vite's
 * hot-reload socket too, which breaks both. So it gets a WebSocket server that listens to nothing,
 * and upgrades are handed to it by path. It cannot be stopped either (its timers run on), so it is
 * made when the first request for it comes, and ends with the process.
 *
 * Whoever can reach the server can register an id and send to every other id: what the nodes accept
 * is their own business (transport/offer-gate.ts). Messages and clients are bounded, ids not listed.
 */

import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import express from 'express';
import { ExpressPeerServer } from 'peer';
import type { Plugin } from 'vite';
import { WebSocketServer } from 'ws';

/** Where the signalling server is, on whatever server it is part of. */
export const SIGNALLING_PATH = '/peerjs';

const DEFAULT_PORT = 5173;
const MAX_PORT = 65_535;
/** A session description with its candidates takes a few KiB. */
const MAX_MESSAGE_BYTES = 128 * 1024;
const MAX_CLIENTS = 1_000;

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

interface PeerServer {
  readonly onRequest: RequestListener;
  readonly onUpgrade: UpgradeListener;
}

/** Answers requests and upgrades below SIGNALLING_PATH; gives the listener for requests. */
export function mountSignalling(
  server: Server,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  let made: PeerServer | null = null;
  const peerServer = (): PeerServer => (made ??= createPeerServer(server));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (isSignalling(request)) peerServer().onUpgrade(request, socket, head);
    else if (server.listenerCount('upgrade') === 1) socket.destroy();
  });
  return (request, response, next) => {
    if (!isSignalling(request)) next();
    else if (request.httpVersionMajor === 1) peerServer().onRequest(request, response);
    else refuseVersion(response);
  };
}

/** The signalling server in vite's dev and preview servers, on PORT or 5173. */
export function signalling(): Plugin {
  return {
    name: 'resqlite:signalling',
    config: () => {
      // Vitest's servers choose their ports themselves, so that several may run at once.
      if (process.env['VITEST'] !== undefined) return {};
      const port = portFromEnvironment(DEFAULT_PORT);
      return { server: { port, strictPort: true }, preview: { port, strictPort: true } };
    },
    configureServer: ({ httpServer, middlewares }) => {
      if (isHttpServer(httpServer)) middlewares.use(mountSignalling(httpServer));
    },
    configurePreviewServer: ({ httpServer, middlewares }) => {
      if (isHttpServer(httpServer)) middlewares.use(mountSignalling(httpServer));
    },
  };
}

/** Throws `RangeError` where PORT is set and is no port. */
export function portFromEnvironment(otherwise: number): number {
  const text = process.env['PORT'];
  if (text === undefined || text === '') return otherwise;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT) {
    throw new RangeError(`PORT is not a port: ${text}`);
  }
  return port;
}

/** Express breaks on HTTP/2, which vite speaks over https. WebSockets come over HTTP/1.1 anyway. */
function refuseVersion(response: ServerResponse): void {
  response.statusCode = 505;
  response.end();
}

function createPeerServer(server: Server): PeerServer {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  let socketPath = '';
  const peerServer = ExpressPeerServer(server, {
    path: SIGNALLING_PATH,
    allow_discovery: false,
    concurrent_limit: MAX_CLIENTS,
    createWebSocketServer: (options) => {
      socketPath = options.path ?? '';
      return sockets;
    },
  });
  // A client's garbage is reported as an error; unheard, it would end the process.
  peerServer.on('error', () => undefined);
  // PeerServer begins when it is mounted into an application.
  const application = express();
  for (const app of [application, peerServer]) app.disable('x-powered-by');
  application.use(peerServer);
  return {
    onRequest: application,
    onUpgrade: (request, socket, head) => {
      if (pathOf(request) !== socketPath) {
        socket.destroy();
        return;
      }
      sockets.handleUpgrade(request, socket, head, (accepted) => {
        sockets.emit('connection', accepted, request);
      });
    },
  };
}

function isSignalling(request: IncomingMessage): boolean {
  const path = pathOf(request);
  return path === SIGNALLING_PATH || path.startsWith(`${SIGNALLING_PATH}/`);
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}

function isHttpServer(server: object | null | undefined): server is Server {
  return server !== null && server !== undefined;
}
