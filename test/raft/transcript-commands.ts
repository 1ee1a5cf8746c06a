/**
 * The commands of transcripts. A transcript is a text: lines that begin with `> ` are commands, the
 * indented lines beneath are what came of each, everything else is for the reader.
 *
 *   cluster A B C learners D    all begin with this configuration as entry 1 of term 1
 *   log A 1 1 2                 A begins with entries of these terms instead, the first as above
 *   add D                       one more server, with nothing
 *   tick [A] MS                 time passes, for all or for one
 *   timeout A                   time passes for A until it has something to do
 *   elect A                     the same, and all that follows; only that A leads is written down
 *   random A N                  what A draws from now on
 *   propose A x y               commands for A
 *   configure A voters A B learners C
 *   read A 7 [weak]             a ReadIndex request with this number
 *   deliver                     everything, and what is sent because of it
 *   deliver|drop|copy A>B       what is under way now from A to B; either may be left out
 *   partition A | B C           nothing passes between the groups
 *   heal
 *   unlink A B                  both, where they are up, learn that their link broke
 *   slow A, finish A, fast A    A's disk keeps its record; finishes it; writes at once again
 *   crash A [kept]              what A was writing is lost, or kept
 *   restart A
 *   transfer A B                A hands its leadership over to B
 *   compact A 5                 A drops its log up to 5
 *   suspend B                   B's state is not to be trusted: it applies nothing until a snapshot
 *   install B A                 the runtime has moved a snapshot of what A has applied to B
 *   status                      all servers
 */

import type { Message } from '../../src/raft/messages.ts';
import type { Entry, NodeId } from '../../src/raft/types.ts';
import { configuration, index, logOf, request } from './fixtures.ts';
import { configurationText, idOf, nameOf } from './transcript-text.ts';
import { statusOf, TranscriptWorld } from './transcript-world.ts';

const NO_STATE = { file: 0, hash: '', stampMs: 0 };

type Command = (world: TranscriptWorld, words: readonly string[]) => void;

/** A server's id, by the word at `at`. */
function server(words: readonly string[], at = 0): NodeId {
  return idOf(words[at] ?? '');
}

function number(words: readonly string[], at: number): number {
  const value = Number(words[at]);
  if (!Number.isSafeInteger(value)) throw new Error(`no number: ${words[at]}`);
  return value;
}

/** `voters A B learners C`; the word `voters` may be missing. */
function members(words: readonly string[]): { voters: NodeId[]; learners: NodeId[] } {
  const at = words.includes('learners') ? words.indexOf('learners') : words.length;
  const voters = words.slice(words[0] === 'voters' ? 1 : 0, at).map(idOf);
  return { voters, learners: words.slice(at + 1).map(idOf) };
}

/** `A>B`, `A>`, `>B`, or nothing. */
function selector(words: readonly string[]): (message: Message) => boolean {
  const [from = '', to = ''] = (words[0] ?? '>').split('>');
  return (message) =>
    (from === '' || message.from === idOf(from)) && (to === '' || message.to === idOf(to));
}

/** The commands of a ready-made log, as text. */
function readable(entries: readonly Entry[]): Entry[] {
  const data = new TextEncoder().encode('old');
  return entries.map((entry) => (entry.type === 'command' ? { ...entry, data } : entry));
}

const COMMANDS: Readonly<Record<string, Command>> = {
  cluster(world, words) {
    const { voters, learners } = members(words);
    const of = configuration(voters, [], learners);
    for (const id of [...voters, ...learners]) world.add(id, logOf([1], of));
    world.say(configurationText(of));
  },
  log(world, words) {
    const of = world.raft(server(words)).configuration;
    world.add(server(words), readable(logOf(words.slice(1).map(Number), of)));
    world.say(statusOf(world.raft(server(words))));
  },
  add: (world, words) => world.add(server(words), []),
  tick(world, words) {
    const isOne = words.length > 1;
    for (const [id, { raft }] of world.hosts) {
      if (raft === null || (isOne && id !== server(words))) continue;
      world.tick(id, number(words, isOne ? 1 : 0));
    }
  },
  timeout(world, words) {
    const id = server(words);
    world.tick(id, world.raft(id).nextDeadlineMs() - world.host(id).nowMs);
  },
  elect(world, words) {
    const id = server(words);
    world.tick(id, world.raft(id).nextDeadlineMs() - world.host(id).nowMs);
    world.settle();
    world.takeLines();
    const { role, term, commitIndex } = world.raft(id);
    if (role !== 'leader') throw new Error(`${nameOf(id)} is ${role}`);
    world.say(`${nameOf(id)} leads in term ${term}, committed ${commitIndex}`);
  },
  random(world, words) {
    world.host(server(words)).random = number(words, 1);
  },
  propose(world, words) {
    world.input(server(words), (raft) => {
      const result = raft.propose(words.slice(1).map((word) => new TextEncoder().encode(word)));
      const at = result.type === 'appended' ? ` from ${result.firstIndex}` : '';
      world.say(`${result.type}${at}`);
    });
  },
  configure(world, words) {
    world.input(server(words), (raft) => {
      world.say(raft.proposeConfiguration(members(words.slice(1))));
    });
  },
  read(world, words) {
    world.input(server(words), (raft) => {
      raft.readIndex(request(number(words, 1)), words[2] !== 'weak');
    });
  },
  deliver(world, words) {
    if (words.length === 0) world.settle();
    else for (const message of world.take(selector(words))) world.deliver(message);
  },
  drop(world, words) {
    world.say(`dropped: ${world.take(selector(words)).length}`);
  },
  copy(world, words) {
    world.say(`copied: ${world.copy(selector(words)).length}`);
  },
  partition(world, words) {
    let group = 1;
    for (const word of words) {
      if (word === '|') group += 1;
      else world.groups.set(idOf(word), group);
    }
  },
  heal: (world) => world.groups.clear(),
  unlink(world, words) {
    const [one, other] = [server(words), server(words, 1)];
    world.take(({ from, to }) => [one, other].includes(from) && [one, other].includes(to));
    if (world.host(one).raft !== null) world.input(one, (raft) => raft.linkLost(other));
    if (world.host(other).raft !== null) world.input(other, (raft) => raft.linkLost(one));
  },
  slow(world, words) {
    world.host(server(words)).isSlow = true;
  },
  finish: (world, words) => world.finishWriting(server(words)),
  fast(world, words) {
    const host = world.host(server(words));
    host.isSlow = false;
    if (host.writing !== null) world.finishWriting(server(words));
  },
  crash: (world, words) => world.crash(server(words), words[1] === 'kept'),
  restart(world, words) {
    world.start(server(words));
    world.say(statusOf(world.raft(server(words))));
  },
  transfer(world, words) {
    world.input(server(words), (raft) => world.say(raft.transferLeadership(server(words, 1))));
  },
  compact(world, words) {
    world.input(server(words), (raft) => {
      world.say(`compacted: ${raft.compact(index(number(words, 1)), NO_STATE)}`);
    });
  },
  install(world, words) {
    const sender = world.raft(server(words, 1));
    const described = sender.describeSnapshot(sender.appliedIndex);
    if (described === null) throw new Error(`${words[1]} has no snapshot`);
    world.input(server(words), (raft) => {
      const snapshot = { ...described, state: { ...NO_STATE, file: 1 } };
      world.say(`installed: ${raft.installSnapshot(snapshot)}`);
    });
  },
  suspend(world, words) {
    world.input(server(words), (raft) => raft.suspendApply());
  },
  status(world) {
    for (const [id, { raft }] of world.hosts) {
      world.say(raft === null ? `${nameOf(id)} is down` : statusOf(raft));
    }
  },
};

/** The transcript as it is when its commands are run now. */
export function replay(text: string): string {
  const world = new TranscriptWorld();
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('  ')) continue;
    lines.push(line);
    if (!line.startsWith('> ')) continue;
    const [name = '', ...words] = line.slice(2).trim().split(/\s+/);
    const command = COMMANDS[name];
    if (command === undefined) throw new Error(`no command: ${name}`);
    command(world, words);
    for (const happened of world.takeLines()) lines.push(`  ${happened}`);
  }
  return lines.join('\n');
}
