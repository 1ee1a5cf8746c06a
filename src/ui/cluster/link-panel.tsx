/** A link that is picked: whether messages pass, and what cuts or heals it. */

import { useEffect, useRef } from 'preact/hooks';
import { shortId } from '../wording.ts';
import { cutLink, isHere, select } from './cluster-acts.ts';
import { picture, sights } from './cluster-live.ts';
import { describeLink } from './link-words.ts';

interface Props {
  readonly one: string;
  readonly other: string;
}

export function LinkPanel({ one, other }: Props) {
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => panel.current?.scrollIntoView({ block: 'nearest' }), [one, other]);
  const link = picture.value?.links.find((drawn) => drawn.one === one && drawn.other === other);
  if (link === undefined || sights.value === null) return null;
  const isIsolated = [one, other].some((id) => {
    return sights.value?.reports.get(id)?.inspection?.isolated === true;
  });
  const canAct = isHere(one) || isHere(other);
  const isCut = link.state === 'cut';
  return (
    <div ref={panel} class="link-panel">
      <p>
        <strong>
          Link <code>{shortId(one)}</code> – <code>{shortId(other)}</code>
        </strong>{' '}
        {describeLink(link.state, isIsolated)}
      </p>
      <div class="member-acts">
        {canAct && !isIsolated && (
          <button type="button" class="button" onClick={() => cutLink(one, other, !isCut)}>
            {isCut ? 'Heal the link' : 'Cut the link'}
          </button>
        )}
        <button type="button" class="button" onClick={() => select(null)}>
          Close
        </button>
      </div>
      {!canAct && <p class="hint">Both ends live in other browsers: their own tabs can cut it.</p>}
    </div>
  );
}
