import { describe, expect, it } from 'vitest';
import { isListed, parseHostPort, resolveTarget } from './address-policy.ts';

const strict = { allow: [], internalHosts: [], allowLoopback: false };

describe('address policy', () => {
  it.each([
    '127.0.0.1',
    '127.8.8.8',
    '0.0.0.0',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    'fec0::1',
    'ff02::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    '2001:0:a00:1::',
    '2001:db8::1',
  ])('refuses %s', async (host) => {
    expect(await resolveTarget({ host, port: 443 }, strict)).toBeUndefined();
  });

  it.each(['1.1.1.1', '172.32.0.1', '2606:4700::1111'])('lets %s through', async (host) => {
    expect(await resolveTarget({ host, port: 443 }, strict)).toBe(host);
  });

  it('lets a private address through only when the operator named it', async () => {
    const policy = { ...strict, internalHosts: ['10.0.0.5:4873'] };

    expect(await resolveTarget({ host: '10.0.0.5', port: 4873 }, policy)).toBe('10.0.0.5');
    expect(await resolveTarget({ host: '10.0.0.5', port: 22 }, policy)).toBeUndefined();
  });

  it('matches names whole or below a star, with their port', () => {
    const list = ['registry.example.org:443', '*.cdn.example.org:443'];
    const listed = (text: string) => {
      const target = parseHostPort(text);
      return target !== undefined && isListed(target, list);
    };

    expect(['registry.example.org:443', 'REGISTRY.example.org.:443', 'a.b.cdn.example.org:443'].every(listed)).toBe(
      true,
    );
    expect(
      [
        'registry.example.org:80',
        'evilregistry.example.org:443',
        'cdn.example.org:443',
        'registry.example.org.evil:443',
        'xcdn.example.org:443',
        'registry.example.org',
        'user@registry.example.org:443',
        'registry.example.org:443/x',
      ].some(listed),
    ).toBe(false);
  });
});
