import { expect, it } from 'vitest';
import { linkWords, tellLink, tellReason } from './link-words.ts';

const rollback = { rollback: { part: 'both' }, requestedBy: 'mara', reason: 'It loses orders.', environment: 'prod' };

it.each([
  ['promotion', {}, 'Promotion'],
  ['promotion', rollback, 'Rollback'],
  ['promotion', { ...rollback, breakGlass: {} }, 'Rollback past its approvals'],
  ['promotion', { what: 'reviewed afterwards' }, 'Reviewed afterwards'],
  ['hold', { what: 'placed' }, 'Hold placed'],
  ['hold', { what: 'lifted' }, 'Hold lifted'],
  ['hold', { what: 'frozen' }, 'Frozen'],
  ['releaseTicket', { what: 'opened' }, 'Release ticket opened'],
  ['releaseTicket', { what: 'closed' }, 'Release ticket closed'],
  ['revocation', {}, 'Authorisation revoked'],
  ['hold', { what: 'toString' }, 'Hold'],
  ['somethingNew', {}, 'somethingNew'],
])('calls a statement of kind %s that says %j %s', (kind, predicate, text) => {
  expect(linkWords(kind, predicate).text).toBe(text);
});

it('says why and by whom, where a statement tells', () => {
  expect(tellReason('promotion', rollback)).toBe('mara: It loses orders.');
  expect(tellReason('hold', { account: 'li', reason: 'Stocktaking.' })).toBe('li: Stocktaking.');
  expect(tellReason('revocation', { message: 'The canary was aborted.' })).toBe('The canary was aborted.');
  expect(tellReason('deployment', { reason: 'Healthy' })).toBe('');
  expect(tellReason('hold', { reason: 7 })).toBe('');
});

it('tells an outcome beside the place', () => {
  expect(tellLink({ predicate: { application: 'guestbook', environment: 'prod', outcome: 'aborted' } })).toBe(
    'guestbook · prod · aborted',
  );
});
