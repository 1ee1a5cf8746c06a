/** The app's view: a command line, the keys as they change, and how the store is used from elsewhere. */

import '../../style/kv.css';
import { useEffect, useMemo } from 'preact/hooks';
import { quoted } from '../../../apps/kv/command-line.ts';
import type { Database } from '../../../client/database.ts';
import { sharedStore } from '../../../apps/kv/kv.ts';
import { database } from '../../store.ts';
import { KeyList } from './key-list.ts';
import { KeyListCard } from './key-list-card.tsx';
import { TerminalCard } from './terminal-card.tsx';
import { Terminal } from './terminal.ts';
import { UseCard } from './use-card.tsx';

export function KvView() {
  const { value: open } = database;
  if (open === null) {
    return (
      <section class="card kv-card" aria-label="Key-value store">
        <p class="hint">The store is there as soon as the database is open.</p>
      </section>
    );
  }
  return <OpenStore key={`${open.clusterId} ${open.nodeId}`} open={open} />;
}

function OpenStore({ open }: { readonly open: Database }) {
  const { terminal, keys } = useMemo(() => {
    const store = sharedStore(open);
    return { terminal: new Terminal(store), keys: new KeyList(store) };
  }, [open]);
  useEffect(
    () => () => {
      terminal.close();
      keys.close();
    },
    [terminal, keys],
  );
  return (
    <div class="kv">
      <div class="app-column">
        <TerminalCard terminal={terminal} />
      </div>
      <div class="app-column">
        <KeyListCard keys={keys} onPick={(key) => terminal.run(`GET ${quoted(key)}`)} />
        <UseCard />
      </div>
    </div>
  );
}
