/**
 * The checkpoints of a process: for a crash test, the one named by `SLIPWAY_CRASH_AT` (`name`, or `name#3` for its third
 * passing) ends the process as `kill -9` does; all others do nothing.
 */
export function makeCheckpoint(crashAt: string | undefined): (name: string) => Promise<void> {
  if (crashAt === undefined) return () => Promise.resolve();
  const [wanted, nth = '1'] = crashAt.split('#');
  let passed = 0;
  return async (name) => {
    if (name !== wanted || ++passed < Number(nth)) return;
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => undefined);
  };
}
