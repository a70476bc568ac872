import { openConfig } from '@slipway/config-client';
import { setTimeout } from 'node:timers/promises';

/**
 * Follows the notice of the app config while the service runs. The page never waits for it: until the config is there, and
 * without a token, there is no notice.
 *
 * @param {{ url: string, profile: string, token: string | undefined, cacheFile: string }} source - `profile` is the environment.
 * @param {{ warn: (facts: object, text: string) => void }} logger
 * @param {{ retryMs?: number }} options - pause before a config that could not be opened is tried again.
 */
export function followNotice(source, logger, { retryMs = 5_000 } = {}) {
  const closing = new AbortController();
  const isClosed = () => closing.signal.aborted;
  let config;
  const following = source.token === undefined ? Promise.resolve() : follow();
  return {
    text: () => String(config?.current().values.notice ?? ''),
    close: async () => {
      closing.abort();
      await following;
      await config?.close();
    },
  };

  async function follow() {
    const onProblem = (err) => logger.warn({ err }, 'the app config is away');
    while (!isClosed() && config === undefined) {
      try {
        config = await openConfig({ ...source, application: 'guestbook', startTimeoutMs: 2_000, onProblem });
      } catch (err) {
        onProblem(err);
        await setTimeout(retryMs, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  }
}
