/**
 * Tells a node how its page fares: in sight or not, frozen, put aside, on its way out. All of it is
 * courtesy towards the other members, who notice sooner; what happens without a word (a crash, a
 * discarded tab, a machine that sleeps) is borne by consensus alone. Being hidden changes nothing.
 *
 * A page that the browser may put aside (the back-forward cache) closes its node, and ends its workers
 * at the latest when it is frozen there: an identity must not be held by a page that nobody may ever see
 * again. When it comes back the node has stopped, and `open` starts another one.
 */

import type { TabNode } from './tab-node.ts';

const PUT_ASIDE = 'the browser had put this page aside, and its node ended';

/** The answer ends it. */
export function watchPage(node: TabNode): () => void {
  let isLeaving = false;
  const onVisibility = (): void => {
    const visible = document.visibilityState === 'visible';
    node.node('setVisible', [visible]).catch(() => undefined);
  };
  const onFreeze = (): void => {
    if (isLeaving) node.terminate('Closed', PUT_ASIDE);
    else node.handOver();
  };
  const onHide = (): void => {
    isLeaving = true;
    node.release();
  };
  const onShow = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) node.terminate('Closed', PUT_ASIDE);
  };
  document.addEventListener('visibilitychange', onVisibility);
  document.addEventListener('freeze', onFreeze);
  window.addEventListener('pagehide', onHide);
  // Whoever else listens for the page's return shall find that the node has stopped.
  window.addEventListener('pageshow', onShow, { capture: true });
  onVisibility();
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    document.removeEventListener('freeze', onFreeze);
    window.removeEventListener('pagehide', onHide);
    window.removeEventListener('pageshow', onShow, { capture: true });
  };
}
