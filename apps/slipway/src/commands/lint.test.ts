import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../testing/run-cli.ts';

const examples = fileURLToPath(new URL('../../../../examples', import.meta.url));
let home: string;

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'slipway-lint-'));
});

afterEach(() => rm(home, { recursive: true, force: true }));

const brokenPipeline = `apiVersion: slipway.dev/v1alpha1
kind: Pipeline
metadata:
  name: Main
spec:
  stages:
    - name: build
      kind: build
      commands: [npm ci]
      timeout: 5x
    - name: test
      kind: tset
`;
const brokenDelivery = `apiVersion: slipway.dev/v1alpha1
kind: Delivery
metadata:
  name: shop
spec:
  updates: [prod]
  registries: [127.0.0.1:7780]
  environments:
    - name: prod
      path: overlays/prod
      namespace: shop-prod
      aprovals: 2
`;

describe('lint', () => {
  it('lists all faults of all files with their places', async () => {
    const files = {
      'pipeline.yaml': brokenPipeline,
      'delivery.yaml': brokenDelivery,
      'other.yaml': 'kind: Deployment\n',
      'none.yaml': 'a: 1\n',
    };
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(home, name), text);

    const end = await runCli(home, ['lint', ...Object.keys(files).map((name) => path.join(home, name))]);

    expect(end.code).toBe(1);
    await expect(end.stdout.replaceAll(`${home}/`, '')).toMatchFileSnapshot('../__golden__/lint/faults.txt');
  });

  it('gives the same faults as one JSON document', async () => {
    const file = path.join(home, 'pipeline.yaml');
    await writeFile(file, brokenPipeline);

    const end = await runCli(home, ['lint', file, '--output', 'json']);

    expect(end.code).toBe(1);
    expect(end.stderr).toBe('');
    await expect(end.stdout.replaceAll(`${home}/`, '')).toMatchFileSnapshot('../__golden__/lint/faults.json');
  });

  it('finds no fault in the examples', async () => {
    const files = ['guestbook', 'guestbook-config'].map((name) => path.join(examples, name, 'slipway.yaml'));

    expect(await runCli(home, ['lint', ...files])).toMatchObject({ code: 0, stdout: '' });
  });

  it('writes the schemas that editors read', async () => {
    const end = await runCli(home, ['lint', '--schemas', path.join(home, 'schemas')]);

    expect(end.code).toBe(0);
    expect((await readdir(path.join(home, 'schemas'))).sort()).toEqual([
      'delivery.schema.json',
      'pipeline.schema.json',
    ]);
  });

  it('says when a file is not there', async () => {
    const end = await runCli(home, ['lint', path.join(home, 'absent.yaml')]);

    expect(end).toMatchObject({ code: 1, stdout: '' });
    expect(end.stderr).toContain('absent.yaml cannot be read');
  });
});
