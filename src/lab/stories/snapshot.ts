/** A follower that needs entries which nobody has any more (paper section 7). */

import { RUNTIME_LIMITS } from '../../node/limits.ts';
import type { Story } from '../story.ts';

const WRITES = 40;
const KEEP_ENTRIES = 4;
const COMPACT_ENTRIES = 16;
const CHUNK_BYTES = 64;

export const SNAPSHOT: Story = {
  id: 'snapshot',
  title: 'Catching up by a snapshot',
  text:
    'A log cannot grow for ever. Servers discard what is applied and keep the state in its place. A ' +
    'follower that was away for long then needs entries that are gone, and is sent the state itself. ' +
    `Here a log longer than ${COMPACT_ENTRIES} entries is compacted to ${KEEP_ENTRIES}; in production ` +
    `those are ${RUNTIME_LIMITS.logCompactEntries} and ${RUNTIME_LIMITS.logKeepEntries}.`,
  seed: 1,
  servers: 3,
  limits: {
    logKeepEntries: KEEP_ENTRIES,
    logCompactEntries: COMPACT_ENTRIES,
    snapshotChunkBytes: CHUNK_BYTES,
    snapshotWindowChunks: 2,
  },
  steps: [
    {
      title: 'S3 is away',
      text:
        `S3 crashes. The others go on without it: ${WRITES} writes are committed by S1 and S2, and ` +
        'applied to their states.',
      section: '§5.3',
      claim: 'S3 is down, and dozens of entries behind.',
      servers: [2],
      messages: ['append-entries'],
      *run(scene) {
        scene.act({ type: 'crash', server: 2 });
        const last = scene.raft(0).lastIndex + WRITES;
        for (let i = 0; i < WRITES; i += 1) {
          scene.act({ type: 'write', server: 0 });
          yield* scene.pass(5);
        }
        yield* scene.until('the writes', () => scene.raft(0).commitIndex >= last);
      },
      holds: (scene) =>
        !scene.isUp(2) &&
        scene.raft(0).commitIndex >= scene.world.server(2).disk.lastIndex + WRITES,
    },
    {
      title: 'The log is compacted',
      text:
        'Each server by itself discards the beginning of its log, once its state machine holds what the ' +
        'entries did and has that on its disk. It remembers the index and term of the last entry that it ' +
        'discarded: the consistency check may need them.',
      section: '§7',
      claim: 'S1’s log begins behind what S3 has. Nobody who is up has S3’s next entry.',
      servers: [0, 1],
      messages: [],
      *run(scene) {
        const next = scene.world.server(2).disk.lastIndex + 1;
        const isGone = (): boolean => [0, 1].every((n) => scene.raft(n).firstIndex > next);
        yield* scene.until('compaction', isGone);
      },
      holds: (scene) => {
        const next = scene.world.server(2).disk.lastIndex + 1;
        return [0, 1].every((n) => scene.raft(n).firstIndex > next);
      },
    },
    {
      title: 'InstallSnapshot',
      text:
        'S3 starts again. The leader finds that S3 needs entries that it no longer has, and sends its ' +
        'state instead, in chunks. Each chunk tells the last index and term that the state stands for. ' +
        'AppendEntries with what comes behind have to wait.',
      section: '§7, figure 13',
      claim: 'Chunks of a snapshot are on their way to S3. The leader’s progress for it says so.',
      servers: [0, 2],
      messages: ['install-snapshot', 'install-snapshot-response'],
      *run(scene) {
        scene.act({ type: 'restart', server: 2 });
        const isSent = (): boolean => scene.flights({ types: ['install-snapshot'] }).length > 0;
        yield* scene.until('a chunk', isSent);
      },
      holds: (scene) => {
        const { nodeId } = scene.world.server(2);
        const isSent = scene.flights({ types: ['install-snapshot'], to: [2] }).length > 0;
        return isSent && scene.raft(0).progress(nodeId)?.state === 'snapshot';
      },
    },
    {
      title: 'The state takes the log’s place',
      text:
        'S3 has all chunks, and their hash is right. First its log takes note of the snapshot, in one ' +
        'record; then its state is replaced. After a crash in between it finds the record and goes on. ' +
        'Its log now begins behind the snapshot, and everything the snapshot stands for counts as ' +
        'committed and applied.',
      section: '§7',
      claim: 'S3’s log begins behind the snapshot. It has applied what the snapshot stands for.',
      servers: [2],
      messages: ['install-snapshot-response'],
      *run(scene) {
        const before = scene.world.server(2).disk.lastIndex;
        scene.note('before', before);
        const isInstalled = (): boolean =>
          scene.raft(2).firstIndex > before + 1 && !scene.raft(2).isRestoring;
        yield* scene.until('the snapshot', isInstalled);
      },
      holds: (scene) => {
        const { firstIndex, appliedIndex } = scene.raft(2);
        return firstIndex > scene.noted('before') + 1 && appliedIndex >= firstIndex - 1;
      },
    },
    {
      title: 'The rest by the log',
      text:
        'A client writes. What comes behind the snapshot reaches S3 as usual, by AppendEntries. It is a ' +
        'follower like any other again.',
      section: '§5.3, §7',
      claim: 'S3 has the new entry in its log. All three states are equal.',
      servers: [0, 1, 2],
      messages: ['append-entries', 'append-entries-response'],
      *run(scene) {
        scene.act({ type: 'write', server: 0 });
        yield* scene.calm();
      },
      holds: (scene) => {
        const states = scene.world.running.map(({ running }) => running.machine.hash());
        const isThere = scene.raft(2).lastIndex >= scene.raft(2).firstIndex;
        return isThere && states.length === 3 && new Set(states).size === 1;
      },
    },
  ],
};
