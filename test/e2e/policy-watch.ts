/**
 * What every page of an end-to-end run is watched for, in whatever browser: violations of its policy,
 * and requests to anybody but its own server. Both count as errors of the tab (tab.ts).
 */

/**
 * To be run in a page before anything of its own: says each violation of the policy on the console, as
 * an error that begins with this name.
 */
export const REPORT_VIOLATIONS = `
  addEventListener('securitypolicyviolation', (event) => {
    const { effectiveDirective, blockedURI, sourceFile, lineNumber, sample } = event;
    const what = [effectiveDirective, blockedURI, sourceFile + ':' + lineNumber, sample];
    console.error('securitypolicyviolation: ' + what.join(' '));
  });
`;

/** What a browser finds without asking anybody. */
const LOCAL_SCHEMES = new Set(['data:', 'blob:', 'about:', 'chrome:', 'chrome-error:']);

/** Whether a page at `pageUrl` asks another host than its own for `url`. */
export function isForeign(pageUrl: string, url: string): boolean {
  const { protocol, host } = new URL(url);
  return !LOCAL_SCHEMES.has(protocol) && host !== new URL(pageUrl).host;
}
