import { describe, expect, it } from 'vitest';
import { ConfigError, parseDelivery } from './index.ts';

const head = 'apiVersion: slipway.dev/v1alpha1\nkind: Delivery\nmetadata: {name: guestbook}\nspec:\n';
const two =
  '  environments:\n    - {name: qa, path: overlays/qa, namespace: qa}\n    - {name: prod, path: overlays/prod, namespace: prod, approvals: 0}\n';

describe('parseDelivery', () => {
  it('protects prod by default and lets no file lower it below one approval', () => {
    const delivery = parseDelivery(`${head}  updates: [qa]\n  registries: [localhost]\n${two}`, 'slipway.yaml');

    expect(
      delivery.environments.map((environment) => [environment.name, environment.class, environment.approvals]),
    ).toEqual([
      ['qa', 'open', 0],
      ['prod', 'protected', 1],
    ]);
  });

  it.each([
    ['a build that writes prod', '  updates: [prod]\n  registries: [localhost]\n', 'prod is protected'],
    ['an unknown environment', '  updates: [nope]\n  registries: [localhost]\n', 'there is no environment nope'],
  ])('refuses %s', (_name, spec, message) => {
    expect(() => parseDelivery(`${head}${spec}${two}`, 'slipway.yaml')).toThrow(message);
  });

  it('reads windows, and names each fault of one with its place', () => {
    const windows = (text: string): string =>
      `${head}  updates: [qa]\n  registries: [localhost]\n  environments:\n    - {name: qa, path: overlays/qa, namespace: qa, windows: [${text}]}\n`;

    const read = parseDelivery(windows('{allow: {days: [mon, fri], from: "09:00", to: "17:30", timeZone: UTC}}'), 'f');
    expect(read.environments[0]?.windows).toEqual([
      { kind: 'allow', days: ['mon', 'fri'], fromMinute: 540, toMinute: 1050, timeZone: 'UTC' },
    ]);
    const broken = () => parseDelivery(windows('{deny: {from: "9", to: "25:00", timeZone: Mars/Olympus}}, {}'), 'f');
    for (const fault of ['windows[0].deny.from', 'windows[0].deny.to', 'not a time zone', 'write either allow or deny'])
      expect(broken).toThrow(fault);
  });

  it('refuses two documents', () => {
    expect(() => parseDelivery('a: 1\n---\nb: 2\n', 'slipway.yaml')).toThrow(ConfigError);
  });
});
