/** Virtual times and spans for people. Pure. */

const SECOND_US = 1_000_000;
const MILLISECOND_US = 1_000;

/** `2.345 678 s`. */
export function formatMoment(atUs: number): string {
  const whole = Math.floor(atUs / SECOND_US);
  const rest = String(atUs % SECOND_US).padStart(6, '0');
  return `${whole}.${rest.slice(0, 3)} ${rest.slice(3)} s`;
}

/** To the millisecond, for lists: `2.346 s`. */
export function formatShortMoment(atUs: number): string {
  return `${(atUs / SECOND_US).toFixed(3)} s`;
}

/** `850 µs`, `12.3 ms`, `1.50 s`. */
export function formatSpan(us: number): string {
  if (us < MILLISECOND_US) return `${Math.round(us)} µs`;
  if (us < SECOND_US)
    return `${(us / MILLISECOND_US).toFixed(us < 100 * MILLISECOND_US ? 1 : 0)} ms`;
  return `${(us / SECOND_US).toFixed(2)} s`;
}
