import { existsSync } from 'node:fs';

/** The parts of playwright-core that these tests use; it is not among the dependencies everywhere they are type-checked. */
export interface Locator {
  readonly click: () => Promise<void>;
  readonly fill: (text: string) => Promise<void>;
  readonly count: () => Promise<number>;
  readonly first: () => Locator;
  readonly waitFor: (options?: { readonly state?: 'visible' | 'attached' | 'hidden' }) => Promise<void>;
  readonly innerText: () => Promise<string>;
  readonly getAttribute: (name: string) => Promise<string | null>;
}
export interface Page {
  readonly goto: (url: string) => Promise<{ readonly headers: () => Record<string, string> } | null>;
  readonly url: () => string;
  readonly setViewportSize: (size: { readonly width: number; readonly height: number }) => Promise<void>;
  readonly waitForURL: (url: RegExp) => Promise<void>;
  readonly evaluate: (script: string) => Promise<unknown>;
  readonly locator: (selector: string) => Locator;
  readonly getByText: (text: string | RegExp) => Locator;
  readonly getByLabel: (text: string) => Locator;
  readonly getByRole: (
    role: string,
    options?: { readonly name?: string | RegExp; readonly exact?: boolean },
  ) => Locator;
  readonly on: (event: 'console' | 'pageerror', listener: (said: Said) => void) => void;
}
/** A console message, or an error that nobody caught. */
export interface Said {
  readonly message?: string;
  readonly type?: () => string;
  readonly text?: () => string;
  readonly location?: () => { readonly url: string };
}
export interface Context {
  readonly newPage: () => Promise<Page>;
  readonly close: () => Promise<void>;
}
interface Chromium {
  readonly launchPersistentContext: (
    folder: string,
    options: { readonly executablePath: string; readonly args: readonly string[]; readonly timeout: number },
  ) => Promise<Context>;
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where a Chromium is, if there is one. */
export function findChromium(chosen: string | undefined): string | undefined {
  return [chosen, ...places].find((path) => path !== undefined && path !== '' && existsSync(path));
}

/** playwright-core, or `undefined` where it is not installed. */
export async function loadChromium(): Promise<Chromium | undefined> {
  const name = ['playwright', 'core'].join('-');
  const loaded = (await import(name).catch(() => undefined)) as { readonly chromium?: Chromium } | undefined;
  return loaded?.chromium;
}

/** @param folder - a fresh profile; the caller removes it. */
export function launch(chromium: Chromium, executablePath: string, folder: string): Promise<Context> {
  return chromium.launchPersistentContext(folder, { executablePath, args: flags, timeout: 30_000 });
}
