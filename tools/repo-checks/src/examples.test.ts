import { checkSettings, parseDelivery, parsePipelines, type SettingsFile } from '@slipway/config';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments, parseDocument } from 'yaml';

const examples = path.resolve(import.meta.dirname, '../../../examples');
const services = ['web', 'api', 'store'];

function readExample(file: string): string {
  return readFileSync(path.join(examples, file), 'utf8');
}

function yamlFiles(folder: string): readonly string[] {
  const names = readdirSync(path.join(examples, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.yaml')).map((name) => path.join(folder, name));
}

describe('examples/guestbook', () => {
  const pipelines = parsePipelines(readExample('guestbook/slipway.yaml'), 'slipway.yaml');

  test('has a lockfile that names no registry and pins every package by its content', () => {
    const lock: { packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }> } = JSON.parse(
      readExample('guestbook/package-lock.json'),
    );
    const installed = Object.entries(lock.packages).filter(
      ([name, { link }]) => name.startsWith('node_modules/') && link !== true,
    );

    expect(installed.length).toBeGreaterThan(0);
    expect(installed.filter(([, entry]) => entry.resolved !== undefined || entry.integrity === undefined)).toEqual([]);
    expect(readExample('guestbook/.npmrc')).not.toContain('registry=');
  });

  test('has one pipeline a service', () => {
    expect(pipelines.map(({ name }) => name)).toEqual(services);
  });

  test.each(services)('builds the image of %s from a Dockerfile without RUN', (service) => {
    const stages = pipelines.find(({ name }) => name === service)?.stages ?? [];
    const image = stages.find(({ kind }) => kind === 'image');
    const dockerfile = readExample(`guestbook/${String(image?.options['dockerfile'])}`);

    expect(image?.options['image']).toBe(`guestbook/${service}`);
    expect(dockerfile).toMatch(/^FROM slipway\/node$/m);
    expect(dockerfile).not.toMatch(/^RUN\b/m);
  });

  test('depends on files that are there', () => {
    const literal = pipelines.flatMap(({ stages }) =>
      stages.flatMap(({ inputs }) => inputs.map((input) => input.replace(/\/?\*.*$/, ''))),
    );

    // The demo brings the client along.
    const own = literal.filter((file) => file !== 'vendor');
    expect(own.filter((file) => !existsSync(path.join(examples, 'guestbook', file)))).toEqual([]);
  });
});

describe('examples/guestbook-config', () => {
  const delivery = parseDelivery(readExample('guestbook-config/slipway.yaml'), 'slipway.yaml');

  test.each(yamlFiles('guestbook-config'))('%s is YAML without faults', (file) => {
    const faults = parseAllDocuments(readExample(file)).flatMap(({ errors, warnings }) => [...errors, ...warnings]);

    expect(faults).toEqual([]);
  });

  test('keeps to the kinds that the local runtime runs', () => {
    const manifests = yamlFiles('guestbook-config').filter((file) => !/(?:kustomization|slipway)\.yaml$/.test(file));
    const kinds = manifests.flatMap((file) =>
      parseAllDocuments(readExample(file)).map((document) => document.get('kind')),
    );

    expect(new Set(kinds)).toEqual(new Set(['Deployment', 'Service', 'Namespace']));
  });

  test.each(delivery.environments.map(({ name, path: folder, namespace }) => ({ name, folder, namespace })))(
    'environment $name has an overlay with its namespace and a place for every image',
    ({ folder, namespace }) => {
      const overlay = parseDocument(readExample(`guestbook-config/${folder}/kustomization.yaml`)).toJS() as {
        readonly namespace: string;
        readonly images: readonly { readonly name: string; readonly newName: string }[];
      };

      expect(overlay.namespace).toBe(namespace);
      expect(overlay.images.map(({ name }) => name)).toEqual(services.map((service) => `guestbook/${service}`));
      expect(overlay.images.map(({ newName }) => newName.split('/')[0])).toEqual(
        services.map(() => delivery.registries[0]),
      );
    },
  );

  test.each(delivery.environments.map(({ name, path: folder }) => ({ name, folder })))(
    'begins environment $name with the files of its app-config repository',
    ({ name, folder }) => {
      const source = `${String(delivery.appConfig?.repository)}/${delivery.application}/${name}`;
      const files = readdirSync(path.join(examples, source));

      expect(files).toEqual(readdirSync(path.join(examples, 'guestbook-config', folder, 'app-config')));
      for (const file of files)
        expect(readExample(`guestbook-config/${folder}/app-config/${file}`)).toBe(readExample(`${source}/${file}`));
    },
  );

  test('verifies with tests that the code repository has', () => {
    const commands = delivery.environments.flatMap(({ verifications }) => verifications.flatMap((one) => one.commands));
    const folders = commands.map((command) => /node --test (tests\/\w+)\//.exec(command)?.[1] ?? command);

    expect(new Set(folders)).toEqual(new Set(['tests/functional', 'tests/sanity']));
    expect(folders.every((folder) => existsSync(path.join(examples, 'guestbook', folder)))).toBe(true);
  });
});

describe('examples/guestbook-settings', () => {
  test('fits its own schema in every environment', () => {
    const read = (file: string): SettingsFile => ({
      path: file,
      content: readFileSync(path.join(examples, 'guestbook-settings', file)),
    });
    const files = ['qa', 'e2e', 'stage', 'prod'].flatMap((name) =>
      ['settings.json', 'live.json'].map((file) => read(`guestbook/${name}/${file}`)),
    );

    expect(checkSettings(files, read('guestbook/schema.json'))).toEqual([]);
  });
});
