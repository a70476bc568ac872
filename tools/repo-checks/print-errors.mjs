// Rewrites docs/errors.md from the tables in the sources; run by `npm run golden:update`, never by CI.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { printErrorPage } from './dist/error-page.js';
import { readErrorTables } from './dist/error-tables.js';
import { root } from './dist/workspace.js';

writeFileSync(path.join(root, 'docs/errors.md'), printErrorPage(readErrorTables()));
