/**
 * When this machine's network has become another one (page only): it is online again, or went from one
 * kind of network to another, such as from Wi-Fi to a phone's. Not every engine tells the latter, and
 * those that do also tell of mere estimates of speed, which are no reason for anything.
 */

interface NetworkInformation extends EventTarget {
  readonly type?: string;
  readonly effectiveType?: string;
}

/** Calls back with every change; the answer ends the watch. */
export function watchNetwork(onChanged: () => void): () => void {
  const { connection } = navigator as { readonly connection?: NetworkInformation };
  let kind = kindOf(connection);
  const onChange = (): void => {
    const before = kind;
    kind = kindOf(connection);
    if (kind !== before) onChanged();
  };
  addEventListener('online', onChanged);
  connection?.addEventListener('change', onChange);
  return () => {
    removeEventListener('online', onChanged);
    connection?.removeEventListener('change', onChange);
  };
}

function kindOf(connection: NetworkInformation | undefined): string {
  return connection?.type ?? connection?.effectiveType ?? '';
}
