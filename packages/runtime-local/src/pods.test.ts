import type { KubeObject } from '@slipway/ports';
import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { nodeImage, pushImage, serverScript, type TestEntry } from '../test-support/make-image.ts';
import {
  bundleRuntime,
  deployment,
  service,
  startThrowaway,
  until,
  type ThrowawayRuntime,
} from '../test-support/throwaway-runtime.ts';

const apply = { fieldManager: 'slipway', isDryRun: false } as const;
let program: Awaited<ReturnType<typeof bundleRuntime>>;
let local: ThrowawayRuntime;

beforeAll(async () => {
  program = await bundleRuntime();
});
afterAll(() => program.remove());
afterEach(() => local.close());

describe('pods with namespaces and the host’s Node', () => {
  it('have a loopback and a uid of their own, and find each other by the variables that Kubernetes injects', async () => {
    local = await startThrowaway(program.file);
    const image = await nodeImage(local.registry, 'web', serverScript('api says hello'));
    await applyAll(service('api'), service('front'), deployment('api', image), deployment('front', image));
    await Promise.all([ready('api'), ready('front')]);

    const env = JSON.parse(await ask('front', '/env')) as Readonly<Record<string, string>>;
    expect(env['API_SERVICE_HOST']).toBe('127.0.0.1');
    expect(env['HOSTNAME']).toMatch(/^front-/);
    // Both listen on 8080: each has the port for itself.
    expect(await ask('front', `/call?${env['API_SERVICE_HOST']}:${env['API_SERVICE_PORT']}/`)).toBe('api says hello');

    const who = JSON.parse(await ask('front', '/whoami')) as { readonly uid: number };
    if (process.getuid?.() === 0) expect(who.uid).toBeGreaterThanOrEqual(220_000);
    await applyAll(service('late', { app: 'api' }));
    const late = await local.runtime.serviceAddress({ namespace: 'test', name: 'late', port: 80 });
    expect(
      await until(
        () => ask('front', `/call?127.0.0.1:${late?.port}/`),
        (answer) => answer === 'api says hello',
      ),
    ).toBeTruthy();
  });

  it('find the config endpoint of the server as a Service that nobody applied', async () => {
    const endpoint = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nsettings'));
    await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
    const { port } = endpoint.address() as AddressInfo;
    local = await startThrowaway(program.file, ['withoutBubblewrap', `configPort=${port}`]);
    await applyAll(service('web'), deployment('web', await nodeImage(local.registry, 'web', serverScript('v1'))));
    await ready('web');

    const env = JSON.parse(await ask('web', '/env')) as Readonly<Record<string, string>>;
    const { SLIPWAY_CONFIG_SERVICE_HOST: host, SLIPWAY_CONFIG_SERVICE_PORT: at } = env;
    expect([host, at]).toEqual(['127.0.0.1', String(port)]);
    expect(await ask('web', `/call?${host}:${at}/`)).toBe('settings');
    endpoint.close();
  });

  it('cannot reach what else listens on the machine, nor read files of others', async () => {
    local = await startThrowaway(program.file);
    const secret = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nsecret'));
    await new Promise<void>((resolve) => secret.listen(0, '127.0.0.1', resolve));
    const { port } = secret.address() as AddressInfo;
    const file = path.join(local.stateDir, 'secret');
    writeFileSync(file, 'secret', { mode: 0o600 });
    await applyAll(service('web'), deployment('web', await nodeImage(local.registry, 'web', serverScript('v1'))));
    await ready('web');

    expect(await ask('web', `/call?127.0.0.1:${port}/`)).toContain('ECONNREFUSED');
    // Without root there is one user for all, and files are no secret among them.
    const response = await fetch(await url('web', `/file?${encodeURIComponent(file)}`));
    if (process.getuid?.() === 0) expect(response.status).toBe(502);
    if (process.getuid?.() === 0) expect(await response.text()).not.toContain('secret');
    await new Promise((resolve) => secret.close(resolve));
  });

  it('get configuration as variables and as files below the working folder, and an empty folder to write to', async () => {
    local = await startThrowaway(program.file);
    const config: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'conf', namespace: 'test' },
      data: { greeting: 'hello', 'app.json': '{"a":1}' },
    };
    const container = {
      envFrom: [{ prefix: 'CONF_', configMapRef: { name: 'conf' } }],
      env: [
        { name: 'G', value: '$(CONF_greeting) $$(X) $(Y)' },
        { name: 'ME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
        { name: 'LATER', valueFrom: { secretKeyRef: { name: 'login', key: 'later', optional: true } } },
      ],
      volumeMounts: [{ name: 'c', mountPath: '/app/config' }],
    };
    const pod = { volumes: [{ name: 'c', configMap: { name: 'conf' } }] };
    const image = await nodeImage(local.registry, 'web', serverScript('v1'));
    await applyAll(service('web'), deployment('web', image, { container, pod }));
    const waiting = await until(
      () => message('web'),
      (text) => text.includes('ConfigMap'),
    );
    expect(waiting).toContain('CreateContainerConfigError: there is no ConfigMap "conf"');

    await applyAll(config);
    const secretless = await until(
      () => message('web'),
      (text) => text.includes('Secret'),
    );
    expect(secretless).toContain('CreateContainerConfigError: there is no Secret "login"');
    await applyAll({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'login', namespace: 'test' },
      data: { password: Buffer.from('s3cret').toString('base64') },
    });
    await ready('web');

    const env = JSON.parse(await ask('web', '/env')) as Readonly<Record<string, string>>;
    expect(env).toMatchObject({
      ...{ CONF_greeting: 'hello', G: 'hello $(X) $(Y)', ME: env['HOSTNAME'] },
      PASSWORD: 's3cret',
    });
    expect(env).not.toHaveProperty('LATER');
    expect(await ask('web', `/file?${encodeURIComponent('config/app.json')}`)).toBe('{"a":1}');
  });

  it('start again after a crash, and a lost relay is replaced', async () => {
    local = await startThrowaway(program.file);
    await applyAll(service('web'), deployment('web', await nodeImage(local.registry, 'web', serverScript('v1'))));
    await ready('web');
    const first = (JSON.parse(await ask('web', '/env')) as Readonly<Record<string, string>>)['HOSTNAME'];

    await fetch(await url('web', '/crash')).catch(() => undefined);
    await until(
      () => status('web'),
      (now) => now === 503,
    );
    await until(
      () => status('web'),
      (now) => now === 200,
    );
    expect((JSON.parse(await ask('web', '/env')) as Readonly<Record<string, string>>)['HOSTNAME']).toBe(first);

    execFileSync('sh', [
      '-c',
      'kill -9 $(sed \'s/.*"pid":\\([0-9]*\\).*/\\1/\' "$1"/runtime/pods/*/process.json)',
      'sh',
      local.stateDir,
    ]);
    await until(
      async () => ((await status('web')) === 200 ? ask('web', '/env') : ''),
      (text) => text !== '' && !text.includes(first ?? '?'),
    );
  });

  it('share requests by weight, are counted by revision, and carry bodies and slow answers', async () => {
    local = await startThrowaway(program.file);
    const [stable, canary] = await Promise.all(
      ['stable', 'canary'].map((name) => nodeImage(local.registry, name, serverScript(name))),
    );
    const labelled = (name: string, image = '') =>
      deployment(name, image, {
        spec: { selector: { matchLabels: { deployment: name } }, template: podOf(name, image) },
      });
    await applyAll(
      service('web', { app: 'web' }, { 'slipway.dev/weights': '{"web-stable": 3, "web-canary": 1}' }),
      labelled('web-stable', stable),
      labelled('web-canary', canary),
    );
    await Promise.all([ready('web-stable'), ready('web-canary')]);

    const answers = [];
    for (let count = 0; count < 8; count += 1) answers.push(await ask('web', '/'));
    const body = Buffer.alloc(3_000_000, 'x');
    const posted = await fetch(await url('web', '/'), { method: 'POST', body });

    expect(answers.filter((answer) => answer === 'canary').length).toBe(2);
    expect(await posted.text()).toBe('3000000');
    const metrics = await local.runtime.requestMetrics({ namespace: 'test', name: 'web' });
    const counted = metrics?.revisions.find((revision) => revision.deployment === 'web-canary');
    expect(counted).toMatchObject({ requests: 2, byStatus: { '2xx': 2, '5xx': 0 } });
    expect(counted?.latency.counts.reduce((sum, count) => sum + count, 0)).toBe(2);
    expect(counted?.revision).toMatch(/^[0-9a-f]{10}$/);
  });

  it('are refused clearly when the image needs its own root', async () => {
    local = await startThrowaway(program.file);
    const image = await pushImage(local.registry, 'go', {
      layers: [[{ name: 'server', content: 'elf', mode: 0o755 }]],
      entrypoint: ['/server'],
    });
    await applyAll(deployment('web', image));

    expect(
      await until(
        () => message('web'),
        (text) => text.includes('Image'),
      ),
    ).toContain('ImageNotRunnable: the image go runs "/server"');
  });
});

describe('pods without namespaces', () => {
  it('are told their port, and an image that ignores it is told so', async () => {
    local = await startThrowaway(program.file, ['withoutBubblewrap', 'withoutNamespaces']);
    const deaf = serverScript('v1').replace('Number(process.env.PORT ?? 8080)', '0');
    await applyAll(
      service('web'),
      deployment('web', await nodeImage(local.registry, 'web', serverScript('v1')), { spec: { replicas: 2 } }),
    );
    await applyAll(deployment('deaf', await nodeImage(local.registry, 'deaf', deaf)));
    await ready('web');

    expect(await ask('web', '/')).toBe('v1');
    expect(
      await until(
        () => message('deaf'),
        (text) => text.includes('PORT'),
      ),
    ).toContain('the image must listen on PORT');
    expect(await local.runtime.version()).toMatchObject({ network: 'shared', root: 'host-node' });
  });
});

describe.runIf(hasBubblewrap())('pods with bubblewrap', () => {
  it('see the image as their root and nothing of the machine, with volumes in it', async () => {
    local = await startThrowaway(program.file, []);
    const image = await pushImage(local.registry, 'full', {
      layers: [
        [
          ...programFiles(process.execPath, 'usr/bin/node'),
          { name: 'etc/app/kept', content: 'kept' },
          { name: 'srv/server.js', content: serverScript('in the image') },
        ],
      ],
      entrypoint: ['/usr/bin/node', '/srv/server.js'],
      isGzip: false,
    });
    const config: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'conf', namespace: 'test' },
      data: { a: 'from config' },
    };
    const volumeMounts = [
      { name: 'c', mountPath: '/etc/app/conf' },
      { name: 'e', mountPath: '/data/scratch' },
    ];
    const pod = {
      volumes: [
        { name: 'c', configMap: { name: 'conf' } },
        { name: 'e', emptyDir: {} },
      ],
    };
    await applyAll(config, service('web'), deployment('web', image, { container: { volumeMounts }, pod }));
    await ready('web');

    expect(await ask('web', '/')).toBe('in the image');
    expect(await ask('web', `/file?${encodeURIComponent('/etc/app/conf/a')}`)).toBe('from config');
    expect(await ask('web', `/file?${encodeURIComponent('/etc/app/kept')}`)).toBe('kept');
    // No passwd in the image: the machine's is not seen, and the server falls over it.
    await expect(
      fetch(await url('web', `/file?${encodeURIComponent('/etc/passwd')}`)).then((answer) => answer.status),
    ).resolves.toBe(502);
    expect(await local.runtime.logs({ namespace: 'test', name: 'web' })).toContain('ENOENT');
  });
});

function hasBubblewrap(): boolean {
  try {
    execFileSync('bwrap', ['--ro-bind', '/', '/', '--unshare-user', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A program with the libraries it is linked to, at their places. */
function programFiles(file: string, name: string): readonly TestEntry[] {
  const libraries = [...execFileSync('ldd', [file], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)].map(
    (match) => match[1] ?? '',
  );
  const entries = libraries.map((library) => ({
    name: library.slice(1),
    content: readFileSync(realpathSync(library)),
    mode: 0o755,
  }));
  return [...entries, { name, content: readFileSync(file), mode: 0o755 }];
}

async function applyAll(...objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects) await local.runtime.apply(object, apply);
}

function podOf(name: string, image: string): object {
  const container = {
    name: 'main',
    image,
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { tcpSocket: { port: 'http' } },
  };
  return {
    metadata: { labels: { app: 'web', deployment: name } },
    spec: { terminationGracePeriodSeconds: 2, containers: [container] },
  };
}

async function condition(name: string, type: string): Promise<Readonly<Record<string, unknown>>> {
  const live = await local.runtime.get({ group: 'apps', kind: 'Deployment', namespace: 'test', name });
  const status = (live?.['status'] ?? {}) as { readonly conditions?: readonly Readonly<Record<string, unknown>>[] };
  return status.conditions?.find((found) => found['type'] === type) ?? {};
}

async function ready(name: string): Promise<void> {
  await until(
    () => condition(name, 'Progressing'),
    (found) => found['reason'] === 'NewReplicaSetAvailable',
  );
}

async function message(name: string): Promise<string> {
  return String((await condition(name, 'Progressing'))['message']);
}

async function url(name: string, target: string): Promise<string> {
  const address = await local.runtime.serviceAddress({ namespace: 'test', name, port: 80 });
  return `http://${address?.host}:${address?.port}${target}`;
}

async function ask(name: string, target: string): Promise<string> {
  return (await fetch(await url(name, target))).text();
}

async function status(name: string): Promise<number> {
  return (await fetch(await url(name, '/'))).status;
}
