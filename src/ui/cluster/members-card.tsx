/** The members one by one; the one that is picked shows all that is known of it, and what can be done. */

import { useEffect, useRef } from 'preact/hooks';
import { classOfTerm, type DrawnMember } from '../raft/drawn.ts';
import { status } from '../store.ts';
import { wokenNodes } from '../stored-nodes.ts';
import { select, selection } from './cluster-acts.ts';
import { picture, sights } from './cluster-live.ts';
import { wordOf } from './cluster-picture.ts';
import { MemberDetails } from './member-details.tsx';
import { SurvivalFacts } from './survival-facts.tsx';
import { describeMember, describeRole, tagsOf } from './member-words.ts';

export function MembersCard() {
  const members = picture.value?.members ?? [];
  const { value: picked } = selection;
  const hasElsewhere = members.some(({ note }) => note === 'elsewhere');
  return (
    <section class="card cluster-members" aria-labelledby="cluster-members-title">
      <h2 id="cluster-members-title">Members</h2>
      <ul class="members" aria-label="Members">
        {members.map((member) => (
          <Member
            key={member.id}
            member={member}
            isPicked={picked?.type === 'member' && picked.id === member.id}
          />
        ))}
      </ul>
      {status.value !== null && <SurvivalFacts status={status.value} />}
      <p class="hint">
        Tabs of this browser tell the truth of their own nodes, also where they cannot reach each
        other. {hasElsewhere && 'Of members elsewhere it shows what this tab’s node hears of them.'}
      </p>
    </section>
  );
}

interface MemberProps {
  readonly member: DrawnMember;
  readonly isPicked: boolean;
}

function Member({ member, isPicked }: MemberProps) {
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isPicked) item.current?.scrollIntoView({ block: 'nearest' });
  }, [isPicked]);
  const { value: known } = sights;
  if (known === null) return null;
  const word = wordOf(known, member.id);
  const report = known.reports.get(member.id) ?? null;
  const isWoken = wokenNodes.value.some((id) => id === member.id);
  const adopted = status.value?.build.adopted ?? '';
  const isPresent = member.state === 'running';
  return (
    <li
      ref={item}
      class={`member ${classOfTerm(member.term)} ${isPicked ? 'is-picked' : ''} ${isPresent ? '' : 'member-away'}`}
    >
      <button
        type="button"
        class="member-head"
        aria-expanded={isPicked}
        onClick={() => select(isPicked ? null : { type: 'member', id: member.id })}
      >
        <span class={`member-dot member-dot-${member.role ?? 'unknown'}`} aria-hidden="true" />
        <code class="member-id">{member.name}</code>
        {tagsOf({ member, word, isWoken, adopted }).map(({ text, isQuiet }) => (
          <span key={text} class={`tag ${isQuiet ? 'tag-quiet' : ''}`}>
            {text}
          </span>
        ))}
        <span class="member-role">{describeRole(member, report)}</span>
        <span class="member-facts">{describeMember(member, word, report)}</span>
      </button>
      {isPicked && <MemberDetails member={member} word={word} report={report} />}
    </li>
  );
}
