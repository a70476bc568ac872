/** How a caller may retry and what a person does next; one rule a code. */
export interface ErrorRule {
  /** `soon`: at once; `backoff`: with growing pauses; `never`: not until the input changes. */
  readonly retry: 'soon' | 'backoff' | 'never';
  /** One sentence in the imperative: what to do now. */
  readonly next: string;
}

/** Facts are fields for machines; the cause is kept for people. */
export interface ErrorContext {
  readonly facts?: Readonly<Record<string, string | number>>;
  readonly cause?: unknown;
}

/**
 * The only kind of error callers branch on, by `code`.
 *
 * One subclass a package; codes are SCREAMING_SNAKE and unique in the repository.
 */
export abstract class CodedError extends Error {
  abstract readonly code: string;
  readonly retry: ErrorRule['retry'];
  readonly next: string;
  readonly facts: Readonly<Record<string, string | number>>;

  constructor(what: string, rule: ErrorRule, context: ErrorContext = {}) {
    super(`${what}. ${rule.next}`, { cause: context.cause });
    this.retry = rule.retry;
    this.next = rule.next;
    this.facts = context.facts ?? {};
  }
}

/** A broken invariant: our bug. Never caught to carry on. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';

  constructor(what: string) {
    super(`${what}. This is a fault of Slipway itself; please report it with this text.`);
  }
}

/** Every case handled: the compiler proves the argument is `never`. */
export function unreachable(value: never): never {
  throw new InvariantError(`unexpected ${JSON.stringify(value)}`);
}
