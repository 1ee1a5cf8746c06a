/**
 * Which addresses scripts may be loaded from, where the page's policy demands trusted types. Bundlers
 * look for a literal `new Worker(new URL(…))`, in this page and in those of others who use the
 * library, so the addresses are not made by a policy but judged by the one that browsers ask by
 * default. It admits files below the page's own folder, and turns no text into script or markup.
 */

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string | null },
  ): { readonly name: string };
}

declare global {
  interface Window {
    /** Not every browser has it, nor do the compiler's libraries. */
    readonly trustedTypes?: TrustedTypes;
  }
}

/** To be called before the first worker is made. */
export function admitOwnScripts(): void {
  const folder = new URL('./', document.baseURI).href;
  window.trustedTypes?.createPolicy('default', {
    createScriptURL: (url) => {
      const { href } = new URL(url, document.baseURI);
      return href.startsWith(folder) ? href : null;
    },
  });
}
