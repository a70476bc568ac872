// Runs benchmarks of this folder: `node bench/run.mjs [NAME] [options]`; without a name all, in this order. Needs built packages.
const benchmarks = {
  start: () => import('./start.mjs'),
  stage: () => import('./stage.mjs'),
  image: () => import('./image.mjs'),
  memory: () => import('./memory.mjs'),
  demo: () => import('./demo.mjs'),
  delivery: () => import('./delivery.mjs'),
  rollback: () => import('./rollback.mjs'),
  canary: () => import('./canary.mjs'),
  'config-reload': () => import('./config-reload.mjs'),
  writer: () => import('./writer.mjs'),
};

const [first, ...rest] = process.argv.slice(2);
const isNamed = first !== undefined && !first.startsWith('-');
if (isNamed && !Object.hasOwn(benchmarks, first)) {
  process.stderr.write(
    `usage: run.mjs [${Object.keys(benchmarks).join('|')}] [--write] [--date YYYY-MM-DD]; writer also takes --full\n`,
  );
  process.exit(2);
}
const args = isNamed ? rest : process.argv.slice(2);
for (const name of isNamed ? [first] : Object.keys(benchmarks)) {
  process.stderr.write(`\n${name}\n`);
  const { run } = await benchmarks[name]();
  await run(args);
}
