import type { KubeObject, ObjectKey } from '@slipway/domain';
import { parseImageReference } from '@slipway/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareLines,
  diffObjects,
  diffRenders,
  imagesOf,
  kindOrder,
  ManifestError,
  objectKey,
  parseAuthorised,
  parseObjects,
  planPrune,
  printAuthorised,
  printKey,
  pruneOrder,
  renderDigest,
  setImageInManifest,
  unifiedHunks,
} from './index.ts';

function object(kind: string, name: string, more: Readonly<Record<string, unknown>> = {}): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name }, ...more };
}

describe('parseObjects', () => {
  it('reads documents and lists, and numbers as Kubernetes does', () => {
    const objects = parseObjects(
      '---\n# empty\n---\napiVersion: v1\nkind: A\nmetadata: {name: a}\nmode: 0644\non: yes\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: B, metadata: {name: b}}\n',
    );

    expect(objects.map((one) => printKey(objectKey(one)))).toEqual(['A a', 'B b']);
    expect(objects[0]?.['mode']).toBe(420);
  });

  it.each([
    ['no kind', 'apiVersion: v1\nmetadata: {name: a}', 'OBJECT_INVALID', 1],
    ['no name', 'apiVersion: v1\nkind: A\nmetadata: {generateName: a-}', 'OBJECT_INVALID', 1],
    ['a text', 'a: 1\n---\nb', 'OBJECT_INVALID', 1],
    ['a number as name', 'apiVersion: v1\nkind: A\nmetadata: {name: 12}', 'OBJECT_INVALID', 1],
    [
      'an object twice',
      'apiVersion: a/v1\nkind: A\nmetadata: {name: a}\n---\napiVersion: a/v2\nkind: A\nmetadata: {name: a}',
      'OBJECT_DUPLICATE',
      5,
    ],
    ['nesting', `a: ${'['.repeat(150)}${']'.repeat(150)}`, 'MANIFEST_TOO_LARGE', 1],
    ['too many bytes', `# ${'x'.repeat(21_000_000)}`, 'MANIFEST_TOO_LARGE', 1],
  ])('refuses %s with its line', (_name, text, code, line) => {
    expect(() => parseObjects(text, 'r.yaml')).toThrow(
      expect.objectContaining({ code, facts: expect.objectContaining({ file: 'r.yaml', line }) as unknown }),
    );
  });

  it('refuses an alias bomb in little time', () => {
    const level = (n: number): string => `l${n}: &l${n} [${Array.from({ length: 9 }, () => `*l${n - 1}`).join()}]\n`;
    const bomb = `l0: &l0 [x]\n${Array.from({ length: 9 }, (_, n) => level(n + 1)).join('')}`;
    const started = performance.now();

    expect(() => parseObjects(bomb)).toThrow(expect.objectContaining({ code: 'MANIFEST_TOO_LARGE' }));
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('never quotes a value in an error', () => {
    for (const text of [
      'kind: Secret\ndata: {p: correct-horse',
      'kind: Secret\np: "correct-horse\\q"',
      'a: b: correct-horse',
    ]) {
      let message = '';
      try {
        parseObjects(text);
      } catch (error) {
        message = error instanceof ManifestError ? error.message : '';
      }
      expect(message).toMatch(/^rendered manifests:\d/);
      expect(message).not.toContain('horse');
    }
  });
});

describe('order and images', () => {
  it('applies in kind order and deletes in the reverse', () => {
    const kinds = ['Ingress', 'Deployment', 'Namespace', 'Mine', 'Service', 'ConfigMap', 'CustomResourceDefinition'];
    const sorted = ['Namespace', 'ConfigMap', 'CustomResourceDefinition', 'Service', 'Deployment', 'Ingress', 'Mine'];
    const objects = kinds.map((kind) => object(kind, 'a'));

    expect(kindOrder(objects).map(({ kind }) => kind)).toEqual(sorted);
    expect(pruneOrder(objects.map(objectKey)).map(({ kind }) => kind)).toEqual(sorted.toReversed());
  });

  it('puts a custom kind with a borrowed name last', () => {
    const knative = object('Service', 'a', { apiVersion: 'serving.knative.dev/v1' });

    expect(kindOrder([knative, object('Ingress', 'b')]).at(-1)).toBe(knative);
  });

  it('finds images of containers, init containers and image volumes at any depth', () => {
    const spec = {
      initContainers: [{ image: 'i' }],
      containers: [{ image: 'a' }, { image: 'b' }, {}],
      volumes: [
        { name: 'v', image: { reference: 'c' } },
        { name: 'w', emptyDir: {} },
      ],
    };

    expect(imagesOf([object('CronJob', 'x', { spec: { jobTemplate: { spec: { template: { spec } } } } })])).toEqual([
      'i',
      'a',
      'b',
      'c',
    ]);
  });
});

describe('diffs', () => {
  it('show what differs and nothing that a cluster added', () => {
    const live = object('ConfigMap', 'a', {
      metadata: {
        name: 'a',
        uid: 'u',
        managedFields: [],
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      },
      data: { x: '1', z: 'same' },
      status: { z: 1 },
    });

    expect(diffObjects(live, object('ConfigMap', 'a', { data: { z: 'same', x: '2' } }))).toBe(
      '--- ConfigMap a\n+++ ConfigMap a\n@@ -1,6 +1,6 @@\n apiVersion: v1\n data:\n-  x: "1"\n+  x: "2"\n   z: same\n kind: ConfigMap\n metadata:\n',
    );
  });

  it('mask Secrets, also under unknown fields and in annotations, and still show which value changes', () => {
    const secret = (password: string): KubeObject =>
      object('Secret', 's', {
        metadata: { name: 's', annotations: { note: `n-${password}` }, labels: { app: 'web' } },
        data: { password, user: 'cm9vdA==' },
        stringData: [password],
        misplaced: { deep: password },
      });

    const diff = diffObjects(secret('correct-horse'), secret('battery-staple'));

    expect(diff).not.toMatch(/correct|battery|cm9v/);
    expect(diff).toContain('-  password: (masked, before)\n+  password: (masked, after)\n   user: (masked)\n');
    expect(diffObjects(undefined, secret('correct-horse'))).not.toContain('correct');
    expect(diffObjects(secret('x'), secret('x'))).toBe('');
  });

  it('compare renders object by object', () => {
    const doc = (name: string, value: string): string =>
      `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {v: ${value}}\n`;

    const diff = diffRenders(
      doc('gone', 'a') + doc('same', 'b') + doc('new-value', 'c'),
      doc('new-value', 'd') + doc('same', 'b') + doc('added', 'e'),
    );

    expect(diff.match(/^(?:---|\+\+\+) .*/gm)).toEqual([
      '--- /dev/null',
      '+++ ConfigMap added',
      '--- ConfigMap gone',
      '+++ /dev/null',
      '--- ConfigMap new-value',
      '+++ ConfigMap new-value',
    ]);
    expect(diffRenders(doc('a', 'x'), doc('a', 'x'))).toBe('');
  });

  it('turn one text into the other, by as few lines as possible', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 25 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = compareLines(before, after);

        expect(diff.filter(({ sign }) => sign !== '+').map(({ text }) => text)).toEqual(before);
        expect(diff.filter(({ sign }) => sign !== '-').map(({ text }) => text)).toEqual(after);
        const kept = diff.filter(({ sign }) => sign === ' ').length;
        expect(kept).toBe(longestCommon(before, after));
      }),
      { numRuns: 300 },
    );
  });

  it('stay fast on long texts that share nothing', () => {
    const text = (sign: string): readonly string[] => Array.from({ length: 50_000 }, (_, n) => `${sign}${n}`);
    const started = performance.now();

    expect(compareLines(text('a'), text('b'))).toHaveLength(100_000);
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it('print hunks with their places', () => {
    const before = Array.from({ length: 20 }, (_, n) => `${n}`);

    expect(unifiedHunks(compareLines(before, [...before.slice(0, 10), 'new', ...before.slice(10)]))).toBe(
      '@@ -8,6 +8,7 @@\n 7\n 8\n 9\n+new\n 10\n 11\n 12\n',
    );
  });
});

function longestCommon(a: readonly string[], b: readonly string[]): number {
  const row = b.map(() => 0);
  for (const left of a) {
    let corner = 0;
    b.forEach((right, at) => {
      const above = row[at] ?? 0;
      row[at] = left === right ? corner + 1 : Math.max(above, row[at - 1] ?? 0);
      corner = above;
    });
  }
  return row.at(-1) ?? 0;
}

describe('planPrune', () => {
  const key = (kind: string, name: string): ObjectKey => ({ group: '', kind, namespace: 'qa', name });
  const many = Array.from({ length: 11 }, (_, n) => key('ConfigMap', `c${n}`));

  it('deletes only what left, in reverse kind order', () => {
    const before = [key('Service', 'a'), key('ConfigMap', 'b'), key('Pod', 'c'), key('Secret', 'kept')];

    expect(planPrune({ before, desired: [key('Secret', 'kept')] })).toEqual({
      kind: 'prune',
      remove: [key('Pod', 'c'), key('Service', 'a'), key('ConfigMap', 'b')],
      handOver: [],
    });
  });

  it('refuses an empty desired set', () => {
    expect(planPrune({ before: many, desired: [] })).toEqual({ kind: 'refused', reason: 'the render is empty' });
  });

  it.each(['Namespace', 'PersistentVolumeClaim', 'CustomResourceDefinition'])('asks before it deletes a %s', (kind) => {
    expect(planPrune({ before: [key(kind, 'a')], desired: many })).toMatchObject({ kind: 'needs-confirmation' });
  });

  it('asks before it deletes more than half and more than five', () => {
    expect(planPrune({ before: many, desired: many.slice(6) })).toMatchObject({ kind: 'needs-confirmation' });
    expect(planPrune({ before: many, desired: many.slice(5) })).toMatchObject({ kind: 'prune' });
    expect(planPrune({ before: many.slice(0, 6), desired: many.slice(5) })).toMatchObject({ kind: 'prune' });
  });

  it('takes a confirmation for exactly the list that was asked about', () => {
    const asked = planPrune({ before: many, desired: many.slice(6) });
    if (asked.kind !== 'needs-confirmation') throw new Error('it did not ask');
    const confirmed = asked.confirmation;

    expect(planPrune({ before: many, desired: many.slice(6), confirmed }).kind).toBe('prune');
    expect(planPrune({ before: many, desired: many.slice(7), confirmed }).kind).toBe('needs-confirmation');
  });

  it('hands over what another application declares', () => {
    const plan = planPrune({ before: many, desired: many.slice(1), declaredElsewhere: many });

    expect(plan).toEqual({ kind: 'prune', remove: [], handOver: [key('ConfigMap', 'c0')] });
  });
});

describe('plain manifests and authorised.yaml', () => {
  const manifest = `# web
kind: Pod
spec:
  initContainers: [ {name: i, image: 'x.local:5000/web:old'} ] # both
  containers:
  - name: w
    image: x.local:5000/web@sha256:${'a'.repeat(64)} # ours
  - image: web
`;
  const reference = parseImageReference(`y.local/web:new@sha256:${'b'.repeat(64)}`);

  it('sets the image of every container that runs it, and no other byte', () => {
    const edit = setImageInManifest(manifest, { name: 'x.local:5000/web', reference }, 'pod.yaml');

    const printed = `y.local/web:new@sha256:${'b'.repeat(64)}`;
    expect(edit.text).toBe(
      manifest.replace('x.local:5000/web:old', printed).replace(`x.local:5000/web@sha256:${'a'.repeat(64)}`, printed),
    );
    expect(setImageInManifest(edit.text, { name: 'y.local/web', reference }, 'pod.yaml').changed).toBe(false);
  });

  it('refuses when no container runs it, or a container is shared', () => {
    const shared = 'a:\n  containers: [&c {image: web}]\nb:\n  containers: [*c]\n';

    expect(() => setImageInManifest(manifest, { name: 'db', reference }, 'f')).toThrow(
      expect.objectContaining({ code: 'MANIFEST_IMAGE_MISSING' }),
    );
    expect(() => setImageInManifest(shared, { name: 'web', reference }, 'f')).toThrow(
      expect.objectContaining({ code: 'MANIFEST_NODE_SHARED' }),
    );
  });

  it('prints what it parses', () => {
    const authorised = { release: renderDigest('a', 'b', 'c'), renderDigest: renderDigest('a', 'b', 'd') };

    expect(parseAuthorised(printAuthorised(authorised))).toEqual(authorised);
    expect(printAuthorised(authorised)).toMatch(/^# Written only by promotions/);
  });

  it.each([
    'kind: Authorised\n',
    'a\n',
    `${printAuthorised({ release: renderDigest('a', 'b', 'c'), renderDigest: renderDigest('a', 'b', 'd') })}extra: 1\n`,
  ])('refuses an authorised.yaml that is not one (%#)', (text) => {
    expect(() => parseAuthorised(text)).toThrow(expect.objectContaining({ code: 'AUTHORISED_INVALID' }));
  });
});
