import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

export interface HostPort {
  /** Lower case, without a dot at its end and without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What a stage may reach by the egress proxy. */
export interface EgressPolicy {
  /** `host:port`, or `*.host:port` for every host below. */
  readonly allow: readonly string[];
  /** `host:port` that may resolve to a private address: the company's own mirror. */
  readonly internalHosts: readonly string[];
  /** For tests only. */
  readonly allowLoopback: boolean;
}

/** One list a family: a list of both would match IPv4 addresses as `::ffff:…` against the ranges of IPv6. */
const internal = { ipv4: new BlockList(), ipv6: new BlockList() };
const loopback = new BlockList();
/** IANA special-purpose registries: what is not globally reachable, multicast included. */
const internalRanges = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const;
/** Of IPv6 only 2000::/3 is global; of that, tunnels (6to4, Teredo) and documentation are not. */
const internalRanges6 = [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;
for (const [network, prefix] of internalRanges) internal.ipv4.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of internalRanges6) internal.ipv6.addSubnet(network, prefix, 'ipv6');
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Absent for anything but `host:port`; a name holds letters, digits, dots, dashes and underscores only. */
export function parseHostPort(text: string, defaultPort?: number): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]{1,253}))(?::(\d{1,5}))?$/.exec(text);
  const host = (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host === undefined || host === '' || port === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

/** Tells whether a list of `host:port` and `*.host:port` names the target. Names only; addresses are checked after resolving. */
export function isListed(target: HostPort, list: readonly string[]): boolean {
  return list.some((entry) => {
    const isBelow = entry.startsWith('*.');
    const named = parseHostPort(isBelow ? entry.slice(2) : entry);
    if (named === undefined || named.port !== target.port) return false;
    return isBelow ? target.host.endsWith(`.${named.host}`) : target.host === named.host;
  });
}

/**
 * Resolves a target once and gives the address to connect to, so that a second answer of the name server changes nothing.
 *
 * @returns absent when no address of it may be reached: loopback, private, link-local and the like (A11, A13).
 */
export async function resolveTarget(target: HostPort, policy: EgressPolicy): Promise<string | undefined> {
  const isInternalHost = isListed(target, policy.internalHosts);
  const found =
    isIP(target.host) === 0 ? (await lookup(target.host, { all: true })).map(({ address }) => address) : [target.host];
  const isAllowed = (address: string) => isInternalHost || mayReach(address, policy);
  // One bad address condemns the name: an honest one has no mixture.
  return found.every(isAllowed) ? found[0] : undefined;
}

function mayReach(address: string, policy: EgressPolicy): boolean {
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
  if (loopback.check(plain, family)) return policy.allowLoopback;
  return !internal[family].check(plain, family);
}
