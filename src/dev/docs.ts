/** `npm run docs`: the reference of the package's entries as a web site, in `docs`. */

import { readDocumentation } from './documentation.ts';

const FOLDER = 'docs';

const { application, project, warnings } = await readDocumentation();
if (warnings.length > 0) {
  process.exitCode = 1;
} else {
  await application.generateDocs(project, FOLDER);
  console.log(`${FOLDER}/index.html`);
}
