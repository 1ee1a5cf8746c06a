/** Tells a node how its page fares: in sight or not, and when it goes away. */

import type { TabNode } from './tab-node.ts';

/** The answer ends it. */
export function watchPage(node: TabNode): () => void {
  const onVisibility = (): void => {
    const visible = document.visibilityState === 'visible';
    node.node('setVisible', [visible]).catch(() => undefined);
  };
  const onFreeze = (): void => node.handOver();
  const onHide = (): void => node.release();
  document.addEventListener('visibilitychange', onVisibility);
  document.addEventListener('freeze', onFreeze);
  window.addEventListener('pagehide', onHide);
  onVisibility();
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    document.removeEventListener('freeze', onFreeze);
    window.removeEventListener('pagehide', onHide);
  };
}
