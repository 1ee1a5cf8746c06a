/**
 * What the page's Lab and its worker say to each other. The worker holds one simulated world (the
 * production core and runtime in virtual time); the page draws it and sets its pace. Types only: the
 * page takes nothing else from here.
 *
 * How it is used:
 *
 * - The page starts `lab-worker.ts` as a module worker and speaks to it by `RpcClient<LabApi, never>`
 *   (client/rpc.ts). Nothing is pushed: time stands still between two calls, and every call that
 *   changes anything answers with a `LabUpdate`, which is the whole picture and what happened since
 *   the update before.
 * - To play, the page calls `run` once a frame with the slice of virtual time that the frame stands for.
 * - What a person does goes through `act`. It is kept with its moment, so the source and the list of
 *   actions are the whole session: `LabPicture.link` holds them as text, and `load` takes them back.
 *   The same source and actions give the same `traceHash`, in every engine and on the command line.
 * - A story stands still at the end of each step until `act({ type: 'next' })`, and before the first.
 *   Whatever else is done by hand ends it, and the world goes on as a free one.
 * - Going back in time (`goTo`, `reset`) is running again from the beginning. Actions behind the new
 *   present are done again as time reaches them, unless the person does something else before.
 *
 * Calls reject with `RpcFailure`: 'InvalidArgument' for a link, source or number that makes no sense.
 * What cannot be done in this moment (a message that has arrived, a server that is down already) is no
 * failure: the update says so in `refused`, and nothing has changed.
 *
 * Times are whole microseconds of virtual time since the world began. Servers go by their number,
 * counted from 0 as in the traces of `npm run simulate`; `name` is what a person reads.
 */

import type { NodeMessage } from '../node/messages.ts';
import type { Role } from '../raft/types.ts';

/** Counted from 0 in the order in which servers came to the world. */
export type ServerNumber = number;

/** What a world is made from. */
export type LabSource =
  /** A scripted run of the catalogue. */
  | { readonly type: 'story'; readonly id: string }
  /**
   * A cluster that is founded and grows to `servers` (1 to 7). Nothing goes wrong in it but by hand.
   * `clients` (0 to 9) write at every server now and then.
   */
  | {
      readonly type: 'free';
      readonly seed: number;
      readonly servers: number;
      readonly clients: number;
    }
  /** What `npm run simulate -- --seed N [--servers N] [--clients N] [--sql]` runs; null: as drawn. */
  | {
      readonly type: 'run';
      readonly seed: number;
      readonly servers: number | null;
      readonly clients: number | null;
      readonly engine: 'model' | 'sql';
    };

/** What a person does to the world. */
export type HandAction =
  /** A message in flight (`Flight.id`) is lost. */
  | { readonly type: 'drop'; readonly flight: number }
  /** A message in flight arrives later by `byUs` (1 us to 60 s); others may overtake it. */
  | { readonly type: 'delay'; readonly flight: number; readonly byUs: number }
  /** The process dies. The disk keeps what was durable. */
  | { readonly type: 'crash'; readonly server: ServerNumber }
  | { readonly type: 'restart'; readonly server: ServerNumber }
  /** The process stands still, as a frozen tab does; its messages wait. */
  | { readonly type: 'freeze'; readonly server: ServerNumber }
  | { readonly type: 'thaw'; readonly server: ServerNumber }
  /** What is sent in this direction is lost, until it is unblocked. */
  | { readonly type: 'block'; readonly from: ServerNumber; readonly to: ServerNumber }
  | { readonly type: 'unblock'; readonly from: ServerNumber; readonly to: ServerNumber }
  /** Only servers of one group hear each other; who is in no group is alone. Replaces all blocks. */
  | { readonly type: 'partition'; readonly groups: readonly (readonly ServerNumber[])[] }
  /** No direction is blocked any more. */
  | { readonly type: 'heal' }
  /** Its election timeout is over now: its clock jumps there. Not for a leader. */
  | { readonly type: 'time-out'; readonly server: ServerNumber }
  /** A client of this server makes one write. */
  | { readonly type: 'write'; readonly server: ServerNumber }
  /** Somebody asks the cluster that this server lead. */
  | { readonly type: 'transfer'; readonly server: ServerNumber }
  /** Somebody asks that this server be removed from the cluster. */
  | { readonly type: 'remove'; readonly server: ServerNumber }
  /** A new server comes and asks to join. */
  | { readonly type: 'join' }
  /** Of a story, which stands at the end of a step: the next one begins. */
  | { readonly type: 'next' };

export type TimedAction = HandAction & { readonly atUs: number };

/** A session as a link says it. */
export interface LabLink {
  readonly source: LabSource;
  /** In order of time. */
  readonly actions: readonly TimedAction[];
  /** Where to go to at once; null: the beginning. */
  readonly atUs: number | null;
}

/** One entry of a log, as far as a person can see it at a glance. */
export interface LabEntry {
  readonly index: number;
  readonly term: number;
  readonly type: 'noop' | 'command' | 'configuration';
  /** At most 24 characters: `append 7`, `session`, `S1–S3 → S1–S5`. */
  readonly label: string;
  /** As far as this server knows. */
  readonly isCommitted: boolean;
  /** It is on this server's disk. */
  readonly isDurable: boolean;
}

export interface LabTermRun {
  readonly term: number;
  readonly firstIndex: number;
}

/** What a leader knows of another member. */
export interface LabProgress {
  readonly server: ServerNumber;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly matchIndex: number;
  readonly nextIndex: number;
}

export interface LabServer {
  readonly number: ServerNumber;
  /** S1, S2, … as the paper's figures have it. */
  readonly name: string;
  /** Its node id. */
  readonly id: string;
  /** 'lost': with its disk, for good. What follows is then, and while it is 'down', what its disk has. */
  readonly state: 'up' | 'down' | 'frozen' | 'lost';
  /** Of a server that is not up: 'follower'. */
  readonly role: Role;
  readonly term: number;
  readonly votedFor: ServerNumber | null;
  /** Who granted its votes or pre-votes, itself included, where it campaigns; of a leader, who elected it. */
  readonly votes: readonly ServerNumber[];
  readonly leader: ServerNumber | null;
  readonly commitIndex: number;
  readonly lastApplied: number;
  /** Entries before it are in the snapshot only; `lastIndex + 1` where there are no others. */
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly durableIndex: number;
  /** The log as runs of one term, oldest first; at most 32, the oldest left out. */
  readonly runs: readonly LabTermRun[];
  /** The end of the log, oldest first; at most 24. */
  readonly entries: readonly LabEntry[];
  /** In force in this server, committed or not; `outgoing` is not empty while it is joint. */
  readonly configuration: {
    readonly voters: readonly ServerNumber[];
    readonly outgoing: readonly ServerNumber[];
    readonly learners: readonly ServerNumber[];
  };
  /** Of a leader; else empty. */
  readonly progress: readonly LabProgress[];
  /** How much of its election timeout has gone, 0 to 1; null: it waits for none (it leads, or is down). */
  readonly electionTimer: { readonly gone: number; readonly timeoutUs: number } | null;
  /** Values that its state machine holds in the list that everybody appends to, newest last; at most 8. */
  readonly values: readonly number[];
}

export type LabMessageType = NodeMessage['type'] | 'heartbeat';

/** A message on its way. */
export interface Flight {
  /** Its place among all messages of this world, from 1; the same in every run of the session. */
  readonly id: number;
  readonly from: ServerNumber;
  readonly to: ServerNumber;
  /** AppendEntries without entries are a 'heartbeat'. */
  readonly type: LabMessageType;
  /** Null for messages of the runtime, which have none. */
  readonly term: number | null;
  /** At most 60 characters. */
  readonly text: string;
  readonly sentAtUs: number;
  /** When it arrives; of a lost one, when it would have: it is shown until then. */
  readonly arrivesAtUs: number;
  /** It will not arrive: it was lost or dropped, or its link broke. */
  readonly isLost: boolean;
}

export type LabEventType =
  | 'start'
  | 'crash'
  | 'stop'
  | 'freeze'
  | 'thaw'
  | 'link-up'
  | 'link-down'
  | 'send'
  | 'deliver'
  | 'lose'
  | 'pre-candidate'
  | 'candidate'
  | 'leader'
  | 'follower'
  | 'learner'
  | 'vote'
  | 'append'
  | 'truncate'
  | 'durable'
  | 'commit'
  | 'apply'
  | 'compact'
  | 'snapshot'
  | 'configuration'
  | 'request'
  | 'answer'
  | 'fault'
  | 'phase'
  | 'hand'
  | 'step'
  | 'violation'
  | 'end';

export interface LabEvent {
  /** Counted from 1 in this world. */
  readonly number: number;
  readonly atUs: number;
  readonly type: LabEventType;
  /** Whom it happened to; of a message, its sender ('send', 'lose') or receiver. Null: nobody. */
  readonly server: ServerNumber | null;
  /** Of a message. */
  readonly flight: number | null;
  /** A sentence for a person, at most 120 characters. */
  readonly text: string;
  /**
   * A person would want to stop here: `step('notable')` does. Not so heartbeats and their answers, what
   * servers announce for display, disk writes and applying.
   */
  readonly isNotable: boolean;
}

/** A story as the catalogue shows it. */
export interface StoryOutline {
  readonly id: string;
  readonly title: string;
  /** One paragraph. */
  readonly text: string;
  readonly servers: number;
  readonly steps: readonly StoryStepOutline[];
}

export interface StoryStepOutline {
  readonly title: string;
  /** What happens and why. */
  readonly text: string;
  /** Where the paper or the thesis says so: `§5.2`, `thesis 9.6`. */
  readonly section: string;
  /** What is true when the step is over; checked by its test, and told again in the picture. */
  readonly claim: string;
  /** What to look at. */
  readonly servers: readonly ServerNumber[];
  readonly messages: readonly LabMessageType[];
}

export interface LabStory {
  readonly id: string;
  /** Of the step under way, or just over, from 0; -1: none has begun. */
  readonly step: number;
  /** The step is over: its claim was looked at, and `next` begins the one behind it. */
  readonly isStepOver: boolean;
  /** Whether what the step claims is true; null while it is under way. */
  readonly claimHolds: boolean | null;
  /** The last step is over. */
  readonly isOver: boolean;
  /** Something else was done by hand: the story is told no further, and the world goes on as a free one. */
  readonly isLeft: boolean;
}

export interface Verdict {
  /** 'held': a run came to its end, and nothing was violated. */
  readonly type: 'held' | 'violated';
  /** The property's name, and what shows it; '' where all held. */
  readonly property: string;
  readonly evidence: string;
}

export interface LabPicture {
  readonly source: LabSource;
  readonly nowUs: number;
  /** Events of the virtual world so far. */
  readonly steps: number;
  /** Every server that ever was in the world, by number. */
  readonly servers: readonly LabServer[];
  /** In the order of sending; at most 256, the oldest. */
  readonly flights: readonly Flight[];
  /** Pairs that have a link; the first number is the smaller one. */
  readonly links: readonly (readonly [ServerNumber, ServerNumber])[];
  /** Directions that are blocked, as [from, to]. */
  readonly blocked: readonly (readonly [ServerNumber, ServerNumber])[];
  /** The leader of the highest term. */
  readonly leader: ServerNumber | null;
  /** Committed, as the checkers know it from all disks together, whoever has heard. */
  readonly committedIndex: number;
  /** Writes that clients were told of: acknowledged, failed for sure, and of unknown outcome. */
  readonly writes: {
    readonly acknowledged: number;
    readonly failed: number;
    readonly unknown: number;
    readonly pending: number;
  };
  /** Of everything that happened so far: what `npm run simulate` prints at the end. */
  readonly traceHash: string;
  /** A run's part: 'grow', 'faults', 'heal', 'fresh'; '' in other worlds. */
  readonly phase: string;
  readonly story: LabStory | null;
  /** Nothing happens any more: the run has a verdict, something was violated, or an hour is over. */
  readonly ended: boolean;
  /** Null as long as nothing is decided. */
  readonly verdict: Verdict | null;
  /** What was done by hand, and what will be again, in order of time. */
  readonly actions: readonly TimedAction[];
  /** How many of them are done. */
  readonly actionsDone: number;
  /** The session so far as a fragment of the page's address, `#/lab?…`; it leads to this moment. */
  readonly link: string;
}

export interface LabUpdate {
  readonly picture: LabPicture;
  /** Since the update before, in order; at most 512, the newest. */
  readonly events: readonly LabEvent[];
  /** Events before them that are left out. */
  readonly omittedEvents: number;
  /** Why an action was not done; null: it was, or there was none. */
  readonly refused: string | null;
}

export interface LabApi {
  stories(): Promise<readonly StoryOutline[]>;
  /** Makes a new world in the place of the one there is. */
  load(source: LabSource): Promise<LabUpdate>;
  /** The same from a fragment, `#/lab?…`; without a source in it: the free world of the first visit. */
  open(fragment: string): Promise<LabUpdate>;
  /** One event of the virtual world; or on until something happens that a person would notice. */
  step(to: 'event' | 'notable'): Promise<LabUpdate>;
  /** Lets time pass (0 us to 60 s); stops where a step of a story, or the world, ends. */
  run(durationUs: number): Promise<LabUpdate>;
  /**
   * A run: on to its verdict. A story: to the end of the step under way. A free world has no end, and
   * stays where it is. May take seconds: it does so in steps of `run` where progress is to be seen.
   */
  runToEnd(): Promise<LabUpdate>;
  act(action: HandAction): Promise<LabUpdate>;
  /** Back or ahead to a moment (0 us to an hour). */
  goTo(atUs: number): Promise<LabUpdate>;
  /** The beginning of the same source, with nothing done by hand. */
  reset(): Promise<LabUpdate>;
}
