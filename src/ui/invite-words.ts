/** Invites in words: for how long, for how many, and what is left of one. Pure. */

import type { OpenInvite } from '../client/protocol.ts';
import { addressOf } from '../client/signalling-settings.ts';
import type { SignallingSettings } from '../node/signalling-settings.ts';
import { formatCounted } from './wording.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface Choice<Value> {
  readonly label: string;
  readonly value: Value;
}

export const SPANS: readonly Choice<number | null>[] = [
  { label: '1 hour', value: HOUR_MS },
  { label: '1 day', value: DAY_MS },
  { label: '7 days', value: 7 * DAY_MS },
  { label: 'Until revoked', value: null },
];

export const USES: readonly Choice<number | null>[] = [
  { label: 'One browser', value: 1 },
  { label: '5 browsers', value: 5 },
  { label: 'Any number', value: null },
];

const LOCAL_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/** A day and one use: enough for most, and soon over. */
export const USUAL_SPAN = 1;
export const USUAL_USES = 0;

/** '3 days', '24 hours', '1 minute': rounded, in the largest unit of which there are about two. */
export function formatSpan(ms: number): string {
  if (ms >= 1.5 * DAY_MS) return formatCounted(Math.round(ms / DAY_MS), 'day');
  if (ms >= 1.5 * HOUR_MS) return formatCounted(Math.round(ms / HOUR_MS), 'hour');
  return formatCounted(Math.max(1, Math.round(ms / MINUTE_MS)), 'minute');
}

/** What is left of it. */
export function describeInvite({ expiresAtMs, usesLeft }: OpenInvite, nowMs: number): string {
  const uses = usesLeft === null ? 'any number of browsers' : formatCounted(usesLeft, 'browser');
  if (expiresAtMs === null) return `For ${uses}, until it is revoked`;
  const leftMs = expiresAtMs - nowMs;
  if (leftMs <= 0) return `For ${uses}, expired`;
  return `For ${uses}, ${formatSpan(leftMs)} left`;
}

export function describeAge({ createdAtMs }: OpenInvite, nowMs: number): string {
  const ageMs = nowMs - createdAtMs;
  return ageMs < MINUTE_MS ? 'made just now' : `made ${formatSpan(ageMs)} ago`;
}

/**
 * Whether another device that reads the link off this screen can use it: browsers run a node over https
 * only, and elsewhere the names of this machine are other machines'.
 */
export function isForOtherDevices(link: string): boolean {
  const { protocol, hostname } = new URL(link);
  return protocol === 'https:' && !LOCAL_HOSTS.includes(hostname);
}

/** What else its holder needs to get in: addresses that lead here, and the same signalling server. */
export function adviceFor(link: string, settings: SignallingSettings): string[] {
  const advice: string[] = [];
  if (LOCAL_HOSTS.includes(new URL(link).hostname)) {
    advice.push(
      'It leads to this machine alone. For a phone or another computer serve the page with ' +
        '“npm start -- --https --host”, open it under the address that this prints, and make the ' +
        'link there.',
    );
  }
  const server = addressOf(settings);
  if (server !== null) {
    advice.push(`Its holder is asked to use the same signalling server: ${server}`);
    if (LOCAL_HOSTS.includes(new URL(server).hostname)) {
      advice.push('That server is on this machine alone: browsers elsewhere do not reach it.');
    }
  }
  return advice;
}
