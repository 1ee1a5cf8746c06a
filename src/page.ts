/**
 * The page's entry: wires the library, PeerJS signalling and the interface together, and holds no
 * logic of its own.
 */

import './ui/style.css';
import { offerBenchmark } from './bench/offer.ts';
import { clusters, open, Signalling } from './client/resqlite.ts';
import { probeSignalling } from './transport/signalling-probe.ts';
import { fetchLateParts } from './ui/late-parts.ts';
import { forgetOfflinePage, keepPageOffline } from './ui/page-version.ts';
import { admitOwnScripts } from './ui/script-policy.ts';
import { autopilotToOpen } from './ui/settings/autopilot-store.ts';
import { startPage } from './ui/start.tsx';

const signalling = new Signalling();

admitOwnScripts();
startPage(
  (cluster) =>
    open({ cluster, signalling, autopilot: autopilotToOpen(), lateParts: 'when-needed' }),
  {
    signalling: { use: (settings) => signalling.use(settings), probe: probeSignalling },
    clusters,
  },
);

offerBenchmark();
const isWhole = fetchLateParts();
void (import.meta.env.PROD ? keepPageOffline(isWhole) : forgetOfflinePage());
