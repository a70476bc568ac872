import type { KubeObject } from '@slipway/ports';
import { describe, expect, it } from 'vitest';
import { deployment, service } from '../../test-support/throwaway-runtime.ts';
import type { ObjectRecord } from './object-record.ts';
import { planApply } from './plan-apply.ts';

const image = `registry.test:5000/web@sha256:${'a'.repeat(64)}`;

describe('planApply', () => {
  it('keeps what the server wrote when the spec changes, and drops what a client sends of it', () => {
    const created = plan(undefined, { ...deployment('web', image), status: { replicas: 99 } });
    const live = { ...created, object: { ...created.object, status: { replicas: 1 } } };

    const next = plan(live, deployment('web', image, { spec: { replicas: 3 } }));

    expect(created.object['status']).toBeUndefined();
    expect(next.object['status']).toEqual({ replicas: 1 });
    expect(next.object.metadata).toMatchObject({
      uid: 'uid-1',
      generation: 2,
      creationTimestamp: '2026-01-01T00:00:00Z',
    });
  });

  it('lets a manager give up its fields, which then belong to nobody', () => {
    const first = plan(undefined, deployment('web', image));
    const label = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'test', labels: { team: 'a' } },
    };
    const both = plan(first, { ...deployment('web', image), metadata: label.metadata }, 'other');

    const without = plan(both, deployment('web', image), 'other');

    expect(both.object.metadata.labels).toMatchObject({ team: 'a', 'slipway.dev/application': 'guestbook' });
    expect(without.object.metadata.labels).toEqual({ 'slipway.dev/application': 'guestbook' });
  });

  const refused: readonly (readonly [string, KubeObject, string])[] = [
    [
      'an image without a digest',
      deployment('web', 'registry.test:5000/web:latest'),
      'spec.template.spec.containers[0].image: "registry.test:5000/web:latest" has no digest',
    ],
    ['an image without a registry', deployment('web', `web@sha256:${'a'.repeat(64)}`), 'containers[0].image'],
    [
      'init containers',
      deployment('web', image, { pod: { initContainers: [] } }),
      'spec.template.spec.initContainers: is not supported',
    ],
    ['two containers', deployment('web', image, { pod: { containers: [{}, {}] } }), 'exactly one container'],
    ['the host’s network', deployment('web', image, { pod: { hostNetwork: true } }), 'spec.template.spec.hostNetwork'],
    [
      'privileges',
      deployment('web', image, { container: { securityContext: { privileged: true } } }),
      'securityContext.privileged',
    ],
    [
      'a host path',
      deployment('web', image, { pod: { volumes: [{ name: 'v', hostPath: { path: '/' } }] } }),
      'volumes[0].hostPath',
    ],
    [
      'a volume with a path for a name',
      deployment('web', image, { pod: { volumes: [{ name: '../v', emptyDir: {} }] } }),
      'volumes[0].name',
    ],
    [
      'an unknown volume',
      deployment('web', image, { container: { volumeMounts: [{ name: 'v', mountPath: '/v' }] } }),
      'volumeMounts',
    ],
    [
      'a mount over everything',
      deployment('web', image, { container: { volumeMounts: [{ name: 'v', mountPath: '/x/..' }] } }),
      'mountPath',
    ],
    ['a hook', deployment('web', image, { container: { lifecycle: {} } }), 'containers[0].lifecycle'],
    [
      'a probe by command',
      deployment('web', image, { container: { readinessProbe: { exec: {} } } }),
      'readinessProbe.exec',
    ],
    [
      'a selector that misses its pods',
      deployment('web', image, { spec: { selector: { matchLabels: { app: 'other' } } } }),
      'do not match',
    ],
    [
      'no surge and nothing unavailable',
      deployment('web', image, { spec: { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } } }),
      'may not both be 0',
    ],
    ['a name that is a path', { ...service('web'), metadata: { name: '../web' } }, 'metadata.name'],
    [
      'a headless Service',
      { ...service('web'), spec: { clusterIP: 'None', selector: { a: 'b' }, ports: [{ port: 80 }] } },
      'spec.clusterIP',
    ],
    [
      'weights that are none',
      service('web', { app: 'web' }, { 'slipway.dev/weights': '{"web": -1}' }),
      'slipway.dev/weights',
    ],
    [
      'a ConfigMap key that is a path',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { '../x': '' } },
      'data.../x',
    ],
  ];
  it.each(refused)('refuses %s by its path', (_what, object, where) => {
    expect(() => plan(undefined, object)).toThrow(where);
  });

  it('tells every fault at once', () => {
    const faulty = deployment('web', 'latest', { spec: { replicas: -1, paused: true } });

    expect(() => plan(undefined, faulty)).toThrow(/spec\.paused: .*containers\[0\]\.image: .*spec\.replicas: -1/);
  });

  it('takes what changes nothing here, as clusters want it', () => {
    const container = {
      resources: { limits: { memory: '64Mi' } },
      securityContext: { runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    };

    expect(plan(undefined, deployment('web', image, { container })).object.kind).toBe('Deployment');
  });
});

function plan(current: ObjectRecord | undefined, object: KubeObject, fieldManager = 'slipway'): ObjectRecord {
  return planApply(current, { object, fieldManager, uid: 'uid-1', now: '2026-01-01T00:00:00Z' }).record;
}
