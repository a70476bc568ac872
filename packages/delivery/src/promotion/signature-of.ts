import type { Signature } from '@slipway/domain';
import type { RecordReader } from '@slipway/ports';

/** How an account signs commits; absent for one that has proved no address, and for what is no account. */
export async function signatureOf(reader: RecordReader, account: string): Promise<Signature | undefined> {
  const person = (await reader.get('account', account))?.value;
  const email = person?.verifiedEmails[0];
  return person === undefined || email === undefined ? undefined : { name: person.displayName, email };
}
