// Runs one benchmark of this folder: `node bench/run.mjs writer [options]`. Needs built packages.
const benchmarks = { writer: () => import('./writer.mjs') };

const [name, ...args] = process.argv.slice(2);
if (name === undefined || !Object.hasOwn(benchmarks, name)) {
  process.stderr.write(
    `usage: run.mjs <${Object.keys(benchmarks).join('|')}> [--full] [--write] [--date YYYY-MM-DD]\n`,
  );
  process.exit(2);
}
const { run } = await benchmarks[name]();
await run(args);
