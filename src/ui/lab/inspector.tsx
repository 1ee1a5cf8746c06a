/** Details of what is selected, and what can be done to it and to the whole world by hand. */

import type { ComponentChildren } from 'preact';
import type { Flight, LabPicture, LabServer } from '../../lab/protocol.ts';
import { Fact } from '../fact.tsx';
import { act, picture, refusal, select, selection, still, undo } from './lab-store.ts';
import { handChoices } from './hand-choices.ts';
import { LabIcon } from './lab-icons.tsx';
import { isBlocked, nameOfMessage, nameOfServer, positionOf, type LabSelection } from './scene.ts';
import { formatMoment, formatSpan } from './virtual-time.ts';
import { WorldTools } from './world-tools.tsx';

export function Inspector() {
  const { value: now } = still;
  if (now === null) return null;
  return (
    <section class="card lab-inspector" aria-label="By hand">
      <Selected now={now} selected={selection.value} />
      <Choices now={now} />
      {refusal.value !== null && (
        <p class="bad" role="alert">
          {refusal.value}
        </p>
      )}
      <FlightList now={now} />
      <WorldTools now={now} />
      {isUndoable(now) && (
        <button type="button" class="button lab-undo" onClick={() => void undo()}>
          <LabIcon name="undo" /> Undo the last act <kbd>U</kbd>
        </button>
      )}
    </section>
  );
}

/** Of a story the way back is its own. */
function isUndoable({ actions, actionsDone }: LabPicture): boolean {
  const last = actions[actionsDone - 1];
  return last !== undefined && last.type !== 'next';
}

interface SelectedProps {
  readonly now: LabPicture;
  readonly selected: LabSelection | null;
}

function Selected({ now, selected }: SelectedProps) {
  switch (selected?.type) {
    case 'server': {
      const server = now.servers[selected.server];
      return server === undefined ? null : <ServerDetails now={now} server={server} />;
    }
    case 'message': {
      const flight = now.flights.find(({ id }) => id === selected.flight);
      return flight === undefined ? null : <FlightDetails now={now} flight={flight} />;
    }
    case 'link':
      return <LinkDetails now={now} one={selected.one} other={selected.other} />;
    case undefined:
      return (
        <div>
          <h3>By hand</h3>
          <p class="hint">
            Pick a server, a link or a message in the picture
            <span class="lab-by-key">
              , or by the keys <kbd>1</kbd> to <kbd>{now.servers.length}</kbd> and <kbd>M</kbd>
            </span>
            .
          </p>
        </div>
      );
  }
}

function ServerDetails({ now, server }: { readonly now: LabPicture; readonly server: LabServer }) {
  const names = (numbers: readonly number[]): string =>
    numbers.map((number) => nameOfServer(now, number)).join(' ');
  const { voters, outgoing, learners } = server.configuration;
  return (
    <div>
      <Heading title={server.name}>
        {server.state === 'up' ? server.role : server.state}, term {server.term}
      </Heading>
      <dl class="lab-details">
        <Fact name="Follows">
          {server.leader === null ? 'nobody' : nameOfServer(now, server.leader)}
        </Fact>
        <Fact name="Voted for">
          {server.votedFor === null ? 'nobody' : nameOfServer(now, server.votedFor)}
        </Fact>
        {server.votes.length > 0 && server.role !== 'leader' && (
          <Fact name="Votes">{names(server.votes)}</Fact>
        )}
        <Fact name="Log">
          {server.firstIndex > 1 ? `snapshot to ${server.firstIndex - 1}, ` : ''}to{' '}
          {server.lastIndex}, on disk to {server.durableIndex}
        </Fact>
        <Fact name="Committed">
          to {server.commitIndex}, applied to {server.lastApplied}
        </Fact>
        <Fact name="Members">
          {outgoing.length > 0 ? `${names(outgoing)} → ` : ''}
          {voters.length === 0 ? 'none' : names(voters)}
          {learners.length > 0 ? `, learning: ${names(learners)}` : ''}
        </Fact>
        <ElectionTimer number={server.number} />
        {server.values.length > 0 && <Fact name="Values">{server.values.join(', ')}</Fact>}
      </dl>
      {server.progress.length > 0 && <ProgressTable now={now} server={server} />}
    </div>
  );
}

/** It runs on while nothing else changes. */
function ElectionTimer({ number }: { readonly number: number }) {
  const timer = picture.value?.servers[number]?.electionTimer ?? null;
  if (timer === null) return null;
  return (
    <Fact name="Election in">
      {formatSpan((1 - timer.gone) * timer.timeoutUs)} of {formatSpan(timer.timeoutUs)}
    </Fact>
  );
}

function ProgressTable({ now, server }: { readonly now: LabPicture; readonly server: LabServer }) {
  return (
    <table class="lab-table">
      <caption class="sr-only">What {server.name} knows of the others</caption>
      <thead>
        <tr>
          <th scope="col">Follower</th>
          <th scope="col">matchIndex</th>
          <th scope="col">nextIndex</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        {server.progress.map(({ server: other, matchIndex, nextIndex, state }) => (
          <tr key={other}>
            <th scope="row">{nameOfServer(now, other)}</th>
            <td>{matchIndex}</td>
            <td>{nextIndex}</td>
            <td>{state}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function FlightDetails({ now, flight }: { readonly now: LabPicture; readonly flight: Flight }) {
  const { type, from, to, term, text, sentAtUs, arrivesAtUs, isLost } = flight;
  return (
    <div>
      <Heading title={nameOfMessage(type)}>
        {nameOfServer(now, from)} → {nameOfServer(now, to)}
        {term === null ? '' : `, term ${term}`}
      </Heading>
      <p class="lab-said">{text}</p>
      <dl class="lab-details">
        <Fact name="Sent">{formatMoment(sentAtUs)}</Fact>
        <Fact name={isLost ? 'Lost' : 'Arrives'}>
          {isLost ? 'it will not arrive' : formatMoment(arrivesAtUs)}
        </Fact>
        <Fact name="On its way">
          <Way flight={flight} />
        </Fact>
      </dl>
    </div>
  );
}

function Way({ flight }: { readonly flight: Flight }) {
  const nowUs = picture.value?.nowUs ?? 0;
  const share = positionOf(flight, nowUs);
  return (
    <>
      <progress max={1} value={share} aria-label="How far it is" />{' '}
      {formatSpan(Math.max(0, flight.arrivesAtUs - nowUs))} left
    </>
  );
}

interface LinkProps {
  readonly now: LabPicture;
  readonly one: number;
  readonly other: number;
}

function LinkDetails({ now, one, other }: LinkProps) {
  const isUp = now.links.some(([a, b]) => (a === one && b === other) || (a === other && b === one));
  const way = (from: number, to: number): string =>
    isBlocked(now, from, to) ? 'blocked: what is sent is lost' : 'free';
  return (
    <div>
      <Heading title={`${nameOfServer(now, one)} – ${nameOfServer(now, other)}`}>
        {isUp ? 'connected' : 'not connected'}
      </Heading>
      <dl class="lab-details">
        {[[one, other] as const, [other, one] as const].map(([from, to]) => (
          <Fact key={from} name={`${nameOfServer(now, from)} → ${nameOfServer(now, to)}`}>
            {way(from, to)}
          </Fact>
        ))}
      </dl>
    </div>
  );
}

function Choices({ now }: { readonly now: LabPicture }) {
  const choices = handChoices(now, selection.value);
  if (choices.length === 0 || now.ended) return null;
  return (
    <div class="lab-choices">
      {choices.map(({ label, key, actions, isDanger }) => (
        <button
          key={label}
          type="button"
          class={`button ${isDanger ? 'button-danger' : ''}`}
          onClick={() => void act(actions)}
        >
          {label} {key !== null && <kbd>{key.toUpperCase()}</kbd>}
        </button>
      ))}
    </div>
  );
}

const LISTED_FLIGHTS = 40;

/** For those who do not point at moving circles. */
function FlightList({ now }: { readonly now: LabPicture }) {
  return (
    <details class="lab-flights">
      <summary>Messages on their way: {now.flights.length}</summary>
      <ul>
        {now.flights.slice(0, LISTED_FLIGHTS).map(({ id, type, from, to, text, isLost }) => (
          <li key={id}>
            <button
              type="button"
              class="link"
              aria-pressed={selection.value?.type === 'message' && selection.value.flight === id}
              onClick={() => select({ type: 'message', flight: id })}
            >
              {nameOfMessage(type)} {nameOfServer(now, from)} → {nameOfServer(now, to)}
            </button>{' '}
            <span class="hint">{isLost ? 'lost' : text}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Heading(props: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <div class="lab-heading">
      <h3>{props.title}</h3>
      <span class="hint">{props.children}</span>
      <button type="button" class="link" onClick={() => select(null)}>
        Close
      </button>
    </div>
  );
}
