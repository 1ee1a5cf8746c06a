/** Hands a text to the person by way of the clipboard. */

/** Answers whether it could: where the browser does not let the page, it is left to be copied by hand. */
export async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
