/** Every story of the Lab: that what each step claims is true, and that it ends where its text says. */

import { describe, expect, test } from 'vitest';
import type { LabUpdate } from '../../src/lab/protocol.ts';
import type { Session } from '../../src/lab/session.ts';
import { STORIES } from '../../src/lab/stories/catalogue.ts';
import { newSession, SECOND_US } from './session.ts';

function told(id: string): { readonly session: Session; readonly updates: readonly LabUpdate[] } {
  const session = newSession();
  const updates = [session.load({ type: 'story', id })];
  for (;;) {
    const begun = session.act({ type: 'next' });
    if (begun.refused !== null) return { session, updates };
    updates.push(session.runToEnd());
  }
}

describe.each(STORIES.map((story) => [story.id, story] as const))('%s', (id, story) => {
  test('claims nothing that is not so', () => {
    const { updates } = told(id);
    const claims = updates.slice(1).map(({ picture }, i) => ({
      claim: story.steps[i]?.claim,
      holds: picture.story?.claimHolds,
      verdict: picture.verdict,
    }));
    const truths = story.steps.map(({ claim }) => ({ claim, holds: true, verdict: null }));
    expect(claims).toEqual(truths);
    expect(updates.at(-1)?.picture.story?.isOver).toBe(true);
  });

  test('begins at rest, led by S1 in term 2', () => {
    const { picture } = newSession().load({ type: 'story', id });
    expect(picture.servers).toHaveLength(story.servers);
    expect(picture.leader).toBe(0);
    expect(new Set(picture.servers.map(({ lastIndex }) => lastIndex)).size).toBe(1);
    expect(picture.servers.every(({ term }) => term === 2)).toBe(true);
    expect(picture.story).toMatchObject({ step: -1, isStepOver: true, isLeft: false });
  });

  test('is the same in slices, event by event, and by its link', () => {
    const { updates } = told(id);
    const whole = updates.at(-1)?.picture;
    const session = newSession();
    let update = session.load({ type: 'story', id });
    while (update.picture.story?.isOver === false) {
      if (update.picture.story.isStepOver) update = session.act({ type: 'next' });
      else update = session.step('event');
      if (update.picture.steps % 7 === 0) update = session.run(3_000);
    }
    expect(update.picture.traceHash).toBe(whole?.traceHash);
    expect(newSession().open(whole?.link ?? '').picture).toEqual(whole);
  });

  test('goes on by itself once somebody does something else', () => {
    const session = newSession();
    session.load({ type: 'story', id });
    session.act({ type: 'next' });
    const left = session.act({ type: 'heal' });
    expect(left.picture.story?.isLeft).toBe(true);
    const later = session.run(SECOND_US);
    expect(later.picture.nowUs).toBe(left.picture.nowUs + SECOND_US);
    expect(session.act({ type: 'next' }).refused).not.toBeNull();
  });

  test('says everything shortly, and cites where it stands', () => {
    expect(id).toMatch(/^[a-z0-9-]{1,40}$/);
    expect(story.text.length).toBeLessThan(700);
    for (const step of story.steps) {
      expect(step.section).toMatch(/^(?:§|thesis |figure )\d/);
      expect(step.text.length).toBeLessThan(520);
      expect(step.claim.length).toBeLessThan(120);
      expect(step.title.length).toBeLessThan(60);
    }
  });
});

test('no two stories share a name', () => {
  expect(new Set(STORIES.map(({ id }) => id)).size).toBe(STORIES.length);
});
