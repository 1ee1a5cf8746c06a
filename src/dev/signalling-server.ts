/** The signalling server alone, on PORT or 9000: for pages that are served from elsewhere. */

import { createServer } from 'node:http';

import { mountSignalling, portFromEnvironment, SIGNALLING_PATH } from './signalling.ts';

const DEFAULT_PORT = 9_000;

function main(): void {
  const server = createServer();
  const onRequest = mountSignalling(server);
  server.on('request', (request, response) => {
    onRequest(request, response, () => {
      response.statusCode = 404;
      response.end();
    });
  });
  server.on('error', (error) => {
    console.error(`The signalling server cannot listen: ${error.message}`);
    process.exitCode = 1;
  });
  server.listen(portFromEnvironment(DEFAULT_PORT), () => {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : DEFAULT_PORT;
    console.log(`Signalling server: http://localhost:${port}${SIGNALLING_PATH}`);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => process.exit(0));
  }
}

main();
