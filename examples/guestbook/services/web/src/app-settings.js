import { readFileSync } from 'node:fs';
import { z } from 'zod';

const schema = z.object({
  /** Stands above the form; empty for none. */
  banner: z.string().max(120).default(''),
});

/**
 * Reads what belongs to the app and not to where it runs.
 *
 * @param {string | undefined} file - JSON; without one, everything has its default.
 * @throws {Error} naming the file, when it is missing or holds something else.
 */
export function readAppSettings(file) {
  if (file === undefined) return schema.parse({});
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new Error(`The settings in ${file} cannot be used`, { cause });
  }
}
