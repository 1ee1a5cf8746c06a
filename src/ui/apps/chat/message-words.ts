/** How the chat's numbers and times are written and read. Pure. */

const COUNT = /^(?:[1-9]\d?|100)$/;

/** From 1 to 100, without leading zeros; null: what was typed is no such number. */
export function countOf(text: string): number | null {
  const typed = text.trim();
  return COUNT.test(typed) ? Number(typed) : null;
}

/** `YYYY-MM-DD HH:MM:SS` in this device's time zone, of seconds since 1970. */
export function formatTime(timestamp: number): string {
  const date = new Date(timestamp * 1_000);
  // Anybody can put anything into a table.
  if (Number.isNaN(date.getTime())) return 'time unknown';
  const day = [padded(date.getFullYear(), 4), padded(date.getMonth() + 1), padded(date.getDate())];
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => padded(part));
  return `${day.join('-')} ${time.join(':')}`;
}

function padded(part: number, digits = 2): string {
  return String(part).padStart(digits, '0');
}
