import type { ChildProcess } from 'node:child_process';
import { waitFor } from './outside.ts';

/** How one life of a process ended. */
export interface Death {
  readonly signal: NodeJS.Signals | undefined;
  readonly code: number | undefined;
}

/** More restarts than any case needs: a process that dies again and again ends the case. */
const mostDeaths = 40;

/**
 * A process of the product, and whoever starts it again: every end that was not asked for is written down in `deaths`, and followed
 * by the next life.
 */
export class Supervised {
  readonly #spawn: (crashAt: string | undefined) => ChildProcess;
  readonly #greeting: string;
  #deaths: Death[] = [];
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #mayRestart = false;
  #crashes: string[] = [];
  #said = '';

  /** `spawn` gives the process a standard output of its own; `greeting` is what it prints when it is there. */
  constructor(greeting: string, spawn: (crashAt: string | undefined) => ChildProcess) {
    this.#greeting = greeting;
    this.#spawn = spawn;
  }

  /** Ends that nobody asked for since the last {@link start}. */
  get deaths(): readonly Death[] {
    return this.#deaths;
  }

  /** What it printed since the last start. */
  get said(): string {
    return this.#said;
  }

  /** Starts it and waits until it is there. Each life dies at the next checkpoint named here, until there is none left. */
  async start(...crashes: readonly string[]): Promise<void> {
    this.#deaths = [];
    this.#mayRestart = true;
    this.#crashes = [...crashes];
    this.#begin();
    await this.answers();
  }

  /** Waits until this life has printed its greeting. */
  async answers(): Promise<void> {
    await waitFor(`"${this.#greeting}"`, () =>
      this.#said.includes(this.#greeting) ? Promise.resolve(true) : Promise.resolve(undefined),
    );
  }

  /** `kill -9`; it is started again. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** `kill -9` without a restart. */
  async cut(): Promise<void> {
    this.#mayRestart = false;
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** A clean stop, as with Ctrl-C. @returns the exit code. */
  async stop(): Promise<number | undefined> {
    this.#mayRestart = false;
    const child = this.#child;
    child?.kill('SIGTERM');
    await Promise.race([this.#ended, new Promise((resolve) => setTimeout(resolve, 30_000).unref())]);
    return child?.exitCode ?? undefined;
  }

  #begin(): void {
    this.#said = '';
    const child = this.#spawn(this.#crashes.shift());
    child.stdout?.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        resolve();
        if (!this.#mayRestart) return;
        this.#deaths.push({ signal: signal ?? undefined, code: code ?? undefined });
        if (this.#deaths.length < mostDeaths) this.#begin();
      });
    });
  }
}
