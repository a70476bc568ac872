import { writeAtomically } from '@slipway/host';

/** One thing that was looked at from outside. */
export interface Check {
  readonly name: string;
  readonly isHeld: boolean;
  /** What was seen. */
  readonly seen: string;
}

export interface ActReport {
  readonly name: string;
  readonly status: 'held' | 'failed' | 'not_built';
  readonly checks: readonly Check[];
  readonly ms: number;
}

/** What the story came to; written as JSON by `--report`. */
export interface DemoReport {
  readonly acts: readonly ActReport[];
  readonly stages: readonly unknown[];
  readonly commits: readonly unknown[];
  readonly ms: number;
}

/** Collects the checks of one act and says each aloud. */
export class Act {
  readonly name: string;
  readonly #checks: Check[] = [];
  readonly #startedAt = performance.now();
  readonly #say: (line: string) => void;

  constructor(name: string, say: (line: string) => void) {
    this.name = name;
    this.#say = say;
    say(`\n── ${name}`);
  }

  /** What happens now, for people who watch. */
  tell(line: string): void {
    this.#say(`   ${line}`);
  }

  check(name: string, isHeld: boolean, seen: string): void {
    this.#checks.push({ name, isHeld, seen });
    this.#say(`   ${isHeld ? '✓' : '✗'} ${name}${seen === '' ? '' : ` — ${seen}`}`);
  }

  end(error?: unknown): ActReport {
    if (error !== undefined)
      this.check(
        'the act came to its end',
        false,
        error instanceof Error ? error.message : 'it threw something that is no error',
      );
    const isHeld = this.#checks.length > 0 && this.#checks.every((check) => check.isHeld);
    const ms = Math.round(performance.now() - this.#startedAt);
    this.#say(`   ${isHeld ? 'held' : 'FAILED'} in ${(ms / 1000).toFixed(1)} s`);
    return { name: this.name, status: isHeld ? 'held' : 'failed', checks: this.#checks, ms };
  }
}

export async function writeReport(file: string, report: DemoReport): Promise<void> {
  await writeAtomically(file, `${JSON.stringify(report, null, 2)}\n`, 0o644);
}
