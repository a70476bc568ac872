import { isCommitId, zeroCommit } from '@slipway/domain';
import type { RefUpdate } from './push.ts';

/** What the hook's program sends: one line of JSON. */
export interface HookQuestion {
  readonly secret: string;
  readonly updates: readonly RefUpdate[];
  /** Absolute folder; absent when the push brings no objects: it only deletes. */
  readonly quarantine?: string;
  readonly pushOptions: readonly string[];
}

/** Absent when the line is not a question: no answer is a refusal. */
export function parseHookQuestion(line: string): HookQuestion | undefined {
  const value = parseJson(line);
  if (typeof value !== 'object' || value === null) return undefined;
  const { secret, updates, quarantine, pushOptions } = value as Readonly<Record<string, unknown>>;
  if (typeof secret !== 'string' || typeof updates !== 'string' || !Array.isArray(pushOptions)) return undefined;
  if (quarantine !== undefined && typeof quarantine !== 'string') return undefined;
  const parsed = updates
    .split('\n')
    .filter((text) => text !== '')
    .map(parseUpdate);
  const known = parsed.filter((update) => update !== undefined);
  if (known.length === 0 || known.length !== parsed.length) return undefined;
  const options = pushOptions.filter((text) => typeof text === 'string');
  return { secret, updates: known, pushOptions: options, ...(quarantine === undefined ? {} : { quarantine }) };
}

/** `old SP new SP ref` (githooks(5), pre-receive). */
function parseUpdate(line: string): RefUpdate | undefined {
  const [before = '', after = '', ...rest] = line.split(' ');
  const ref = rest.join(' ');
  if (!isCommitId(before) || !isCommitId(after) || ref === '') return undefined;
  return { ref, ...(before === zeroCommit ? {} : { before }), ...(after === zeroCommit ? {} : { after }) };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
