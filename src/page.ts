/**
 * The page's entry: wires the library, PeerJS signalling and the interface together, and holds no
 * logic of its own.
 */

import './ui/style.css';
import { open } from './client/open.ts';
import { startSignalling } from './transport/signalling.ts';
import { startPage } from './ui/start.tsx';

startPage((cluster) =>
  open({
    ...(cluster === null ? {} : { cluster }),
    signalling: (port) => startSignalling(port),
  }),
);
