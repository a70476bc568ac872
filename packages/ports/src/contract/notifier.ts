import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NotificationMessage, Notifier } from '../notifier.ts';

/** What the receiver does with the next messages. `defer` and `refuse` are about one message, the others about the channel. */
export type ReceiverMood = 'take' | 'away' | 'unauthorised' | 'silent' | 'defer' | 'refuse';

/** A notifier with a receiver that answers as it is told. */
export interface NotifierUnderTest {
  /** Gives up after at most a few seconds of silence. */
  readonly notifier: Notifier;
  /** What the receiver took: all of its text as a person reads it, and the key that tells a repetition, where the channel has one. */
  received(): readonly { readonly text: string; readonly key?: string; readonly to: readonly string[] }[];
  set(mood: ReceiverMood): void;
  /** Credential of the channel: to be found in no error. */
  readonly secret: string;
  close(): Promise<void>;
}

/** What every adapter of {@link Notifier} does. `moods` are those its channel knows. */
export function notifierContract(
  name: string,
  make: () => Promise<NotifierUnderTest>,
  options: { readonly moods: readonly ReceiverMood[]; readonly hasKey: boolean },
): void {
  describe(`notifier contract: ${name}`, () => {
    let under: NotifierUnderTest;

    beforeAll(async () => {
      under = await make();
    });

    beforeEach(() => {
      under.set('take');
    });

    afterAll(() => under.close());

    it('hands over subject, body and link', async () => {
      await under.notifier.send(message('whole', { subject: 'ci failed', body: 'Stage test: 1 failed.' }));

      const [text] = textsWith(under, 'ci failed');
      expect(text).toContain('Stage test: 1 failed.');
      expect(text).toContain('https://slipway.test/runs/1');
    });

    it('keeps a subject on its line, whatever a title of strangers holds', async () => {
      const subject = 'broken\r\nBcc: thief@example.test\r\n\r\n<script>\u2028\0';
      const before = under.received().length;

      await under.notifier.send(message('injection', { subject }));

      expect(under.received()).toHaveLength(before + 1);
      const taken = under.received().at(-1);
      expect(taken?.text).toContain('broken');
      expect(taken?.text).not.toMatch(/^Bcc:/im);
      expect(taken?.to).not.toContain('thief@example.test');
    });

    if (options.hasKey) repetitionContract(() => under);
    failureContract(() => under, options.moods);
  });
}

function repetitionContract(under: () => NotifierUnderTest): void {
  it('sends a repetition under the same key, and another message under another', async () => {
    const before = under().received().length;
    for (const id of ['twice', 'twice', 'other']) await under().notifier.send(message(id));

    const [first, second, other] = under().received().slice(before);
    expect(first?.key).toMatch(/\S/);
    expect(second?.key).toBe(first?.key);
    expect(other?.key).not.toBe(first?.key);
  });
}

const codes: Readonly<Record<Exclude<ReceiverMood, 'take'>, string>> = {
  away: 'NOTIFY_UNREACHABLE',
  silent: 'NOTIFY_UNREACHABLE',
  unauthorised: 'NOTIFY_UNAUTHORISED',
  defer: 'NOTIFY_DEFERRED',
  refuse: 'NOTIFY_REFUSED',
};

function failureContract(under: () => NotifierUnderTest, moods: readonly ReceiverMood[]): void {
  const bad = moods.flatMap((mood) => (mood === 'take' ? [] : [{ mood, code: codes[mood] }]));
  it.each(bad)(
    'says $code when the receiver is in the mood "$mood", and names no credential',
    async ({ mood, code }) => {
      under().set(mood);

      const error: unknown = await under()
        .notifier.send(message(`bad-${mood}`))
        .then(
          () => undefined,
          (reason: unknown) => reason,
        );

      expect(error).toMatchObject({ code });
      const told = error instanceof Error ? JSON.stringify([error.message, error.stack, error, error.cause ?? '']) : '';
      expect(told).not.toContain(under().secret);
    },
  );

  it('gets through again once the receiver is back', async () => {
    under().set('away');
    await expect(under().notifier.send(message('back'))).rejects.toThrow();
    under().set('take');

    await under().notifier.send(message('back', { subject: 'back again' }));

    expect(textsWith(under(), 'back again')).toHaveLength(1);
  });

  it('sends nothing when its signal has ended', async () => {
    const before = under().received().length;

    await expect(under().notifier.send(message('ended'), { signal: AbortSignal.abort() })).rejects.toThrow();

    expect(under().received()).toHaveLength(before);
  });
}

function textsWith(under: NotifierUnderTest, part: string): readonly string[] {
  return under
    .received()
    .map(({ text }) => text)
    .filter((text) => text.includes(part));
}

function message(id: string, change: Partial<NotificationMessage> = {}): NotificationMessage {
  return {
    id,
    kind: 'failure',
    to: 'ada@example.test',
    subject: 'something failed',
    body: 'It says why.',
    url: 'https://slipway.test/runs/1',
    about: 'run/1',
    recipients: ['ada'],
    createdAt: '2026-01-01T00:00:00.000Z',
    ...change,
  };
}
