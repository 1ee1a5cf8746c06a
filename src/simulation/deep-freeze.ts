/**
 * Freezes what one server hands to another, all the way down, so that no two servers can share
 * state that either of them still changes: a later write throws where it is made. Bytes cannot be
 * frozen; the checkers compare digests of them instead.
 */

/** Assumes that what is frozen already is frozen all the way down. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}
