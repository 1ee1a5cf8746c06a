/** An address as a QR code, for the camera of another device. */

import { encode } from 'uqr';

/** Modules of quiet ground around the code that readers need (ISO/IEC 18004 section 9.1). */
const QUIET = 4;

export function LinkCode({ link, label }: { readonly link: string; readonly label: string }) {
  const { data, size } = encode(link, { ecc: 'M', border: QUIET });
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <path d={outline(data)} />
    </svg>
  );
}

/** Each run of dark modules in a row is one rectangle. */
function outline(rows: readonly (readonly boolean[])[]): string {
  const path: string[] = [];
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) {
      const from = x;
      while (row[x] === true) x += 1;
      if (x > from) path.push(`M${from} ${y}h${x - from}v1h${from - x}z`);
    }
  });
  return path.join('');
}
