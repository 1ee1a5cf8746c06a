/** All that is known of one member, and what can be done to it. */

import type { MemberStatus } from '../../node/status.ts';
import { Fact } from '../fact.tsx';
import type { DrawnMember } from '../raft/drawn.ts';
import { status } from '../store.ts';
import { wokenNodes } from '../stored-nodes.ts';
import { formatCount, shortId } from '../wording.ts';
import {
  crash,
  giveLeadership,
  isHere,
  isolate,
  problem,
  reloadTab,
  removeMember,
} from './cluster-acts.ts';
import { picture } from './cluster-live.ts';
import { isOfThisProfile, type TabReport } from './cluster-picture.ts';
import { describeBrowser, describePage, describeStorage } from './member-words.ts';

/** Its number and date; a hash follows. */
const BUILD_SHOWN = 24;

interface Props {
  readonly member: DrawnMember;
  readonly word: MemberStatus | null;
  readonly report: TabReport | null;
}

export function MemberDetails({ member, word, report }: Props) {
  const failed = problem.value?.nodeId === member.id ? problem.value.message : null;
  return (
    <div class="member-details">
      <Facts member={member} word={word} report={report} />
      <Acts member={member} word={word} />
      {failed !== null && (
        <p class="bad" role="alert">
          {failed}
        </p>
      )}
    </div>
  );
}

function Facts({ member, word, report }: Props) {
  const inspection = report?.inspection ?? null;
  const progress = picture.value?.logs.find(({ id }) => id === member.id)?.progress ?? null;
  const isSameProfile = status.value !== null && isOfThisProfile(status.value, member.id);
  return (
    <dl class="member-grid">
      <Fact name="Id">
        <code>{member.id}</code>
      </Fact>
      {inspection !== null && (
        <>
          <Fact name="Voted for">
            {inspection.votedFor === null ? 'nobody' : <code>{shortId(inspection.votedFor)}</code>}{' '}
            in term {formatCount(inspection.term)}
          </Fact>
          <Fact name="Follows">
            {inspection.leaderId === null ? 'nobody' : <code>{shortId(inspection.leaderId)}</code>}
          </Fact>
          <Fact name="Log">
            {formatCount(inspection.firstIndex)} to {formatCount(inspection.lastIndex)}, on disk to{' '}
            {formatCount(inspection.durableIndex)}
          </Fact>
        </>
      )}
      {progress !== null && (
        <Fact name="Leader knows">
          match {formatCount(progress.matchIndex)}, next {formatCount(progress.nextIndex)}
        </Fact>
      )}
      {word !== null && (
        <>
          <Fact name="Page">{describePage(word, report)}</Fact>
          <Fact name="Browser">
            {describeBrowser(word, report, isSameProfile)}
            {word.profileId !== null && (
              <>
                , profile <code>{shortId(word.profileId)}</code>
              </>
            )}
          </Fact>
          <Fact name="Storage">{describeStorage(word)}</Fact>
          <Fact name="SQL build">
            {word.build === null ? (
              'not told'
            ) : (
              <code title={word.build}>{word.build.slice(0, BUILD_SHOWN)}</code>
            )}
          </Fact>
        </>
      )}
    </dl>
  );
}

function Acts({ member, word }: Pick<Props, 'member' | 'word'>) {
  const { id, state, isIsolated, role } = member;
  const isRunning = state === 'running';
  const isHereNow = isHere(id);
  return (
    <>
      <div class="member-acts">
        {isHereNow && isRunning && (
          <>
            <button type="button" class="button" onClick={() => isolate(id, !isIsolated)}>
              {isIsolated ? 'Rejoin' : 'Isolate'}
            </button>
            <button type="button" class="button" onClick={() => crash(id)}>
              Crash
            </button>
          </>
        )}
        {isHereNow && state === 'down' && (
          <button type="button" class="button button-main" onClick={() => reloadTab(id)}>
            Reload its tab
          </button>
        )}
        {isRunning && word?.voter === true && role !== 'leader' && (
          <button type="button" class="button" onClick={() => void giveLeadership(id)}>
            Make it lead
          </button>
        )}
        {word !== null && (
          <button type="button" class="button button-danger" onClick={() => void removeMember(id)}>
            Remove…
          </button>
        )}
      </div>
      {!isHereNow && <p class="hint">{whyNotHere(id)}</p>}
    </>
  );
}

/** Why there is nobody here who could isolate it or let it crash. */
function whyNotHere(id: string): string {
  if (wokenNodes.value.some((woken) => woken === id)) {
    return 'It runs in this tab, too, until another tab takes it over.';
  }
  if (status.value !== null && isOfThisProfile(status.value, id)) {
    return 'No tab of this browser says that it runs it: it is closed, or loading, or of an older version.';
  }
  return 'It lives in another browser: isolating and crashing it is for its own tab to do. The link between it and this tab can be cut here.';
}
