import { createHash } from 'node:crypto';

/** The id of a message as 32 hex digits: fits into any header, and is the same each time it is sent. */
export function messageKey(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 32);
}
