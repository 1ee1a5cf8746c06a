/** What the chat takes, and what it says where it does not. A refused operation has committed nothing. */

const LONGEST_USERNAME = 64;
const LONGEST_PASSWORD = 1_024;
/** In UTF-16 code units. */
export const LONGEST_BODY = 10_000;
/**
 * Letters and digits of any script, with the marks that some scripts write over and under them, and nothing that is
 * not seen. Letters of two scripts that only look alike are two.
 */
const USERNAME = /^(?:(?!\p{DI})[\p{L}\p{N}](?:(?!\p{DI})[\p{Mn}\p{Mc}])*)+$/u;

/** The message is meant for the person who asked. */
export class ChatError extends Error {
  override readonly name = 'ChatError';
}

/** One spelling a name: Unicode has several for some letters. Throws `ChatError`. */
export function checkUsername(username: string): string {
  const name = username.normalize('NFC');
  if (!USERNAME.test(name)) throw new ChatError('Username must be alphanumeric');
  if (name.length > LONGEST_USERNAME) {
    throw new ChatError(`Username must have at most ${LONGEST_USERNAME} characters`);
  }
  return name;
}

export function checkPassword(password: string): string {
  if (password === '') throw new ChatError('Please enter a password.');
  if (password.length > LONGEST_PASSWORD) {
    throw new ChatError(`Password must have at most ${LONGEST_PASSWORD} characters`);
  }
  return password;
}

export function checkBody(body: string): string {
  if (body.trim() === '') throw new ChatError('Please enter a message.');
  if (body.length > LONGEST_BODY) {
    throw new ChatError(`A message has at most ${LONGEST_BODY.toLocaleString('en')} characters.`);
  }
  return body;
}
