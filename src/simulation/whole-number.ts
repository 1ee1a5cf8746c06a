/** A number as it stands among a command's arguments. Throws where it is anything but a whole one. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0) {
    throw new Error(`not a whole number: ${text}`);
  }
  return value;
}
