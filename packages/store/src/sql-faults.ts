import { CodedError, InvariantError } from '@slipway/domain';
import pg from 'pg';
import { StoreError } from './store-error.ts';

/** Not our fault nor the data's: the connection, the server or its limits. */
const unavailableClasses = ['08', '53', '57', '58'];
const connectionCalls = ['connect', 'read', 'write', 'getaddrinfo'];
const unavailableCodes = ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ENOTFOUND'];
/** What `pg` itself says without a code. */
const connectionMessages = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Query read timeout',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
];
/** Text that JSON can say and jsonb refuses. @see postgresql.org, "JSON Types". */
const refusedText = ['22P05', '22P02', '22021'];

/** Two transactions met, and this one can simply begin anew: serialization failure and deadlock. */
export function isCollision(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === '40001' || error.code === '40P01');
}

/** A fault of `pg` as one of ours; errors of ours, and faults of our SQL, stay what they are. */
export function translateFault(error: unknown): unknown {
  if (error instanceof CodedError || error instanceof InvariantError) return error;
  const code = error instanceof Error ? String(Reflect.get(error, 'code') ?? '') : '';
  if (error instanceof pg.DatabaseError) {
    if (refusedText.includes(code)) {
      return new StoreError('STORE_VALUE_REFUSED', 'a text cannot be kept as it is', { cause: error });
    }
    if (!unavailableClasses.includes(code.slice(0, 2))) return error;
    return new StoreError('STORE_UNAVAILABLE', 'PostgreSQL cannot serve', { facts: { sqlState: code }, cause: error });
  }
  const isConnection =
    (unavailableCodes.includes(code) && connectionCalls.includes(String(Reflect.get(Object(error), 'syscall')))) ||
    (error instanceof Error && connectionMessages.some((message) => error.message.startsWith(message)));
  return isConnection ? new StoreError('STORE_UNAVAILABLE', 'no connection to PostgreSQL', { cause: error }) : error;
}
