/**
 * `npm run library`: builds what the package holds into `lib`, and says what it weighs. Fails where that is
 * more than the budget allows. With `--build-only` it builds: before `npm pack`, which has to come first to be
 * weighed.
 */

import { buildLibrary } from './library/build.ts';
import { FOLDER } from './library/contents.ts';
import { packageSizes, sizeReport } from './library/sizes.ts';
import { tarballBytes } from './library/tarball.ts';

await buildLibrary();
if (!process.argv.includes('--build-only')) {
  const { table, exceeded } = sizeReport(await packageSizes(FOLDER, await tarballBytes()));
  process.stdout.write(`${table}\n`);
  if (exceeded.length > 0) {
    process.stderr.write(`Above the budget: ${exceeded.join(', ')}\n`);
    process.exitCode = 1;
  }
}
