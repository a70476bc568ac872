import { programPath } from '@slipway/host';
import type { IncomingMessage } from 'node:http';
import { readProtocol, type GitRequest } from './http-request.ts';

/** Everything that one run of `git http-backend` depends on. */
export interface BackendCall {
  /** Absolute path of `git-http-backend`. */
  readonly program: string;
  readonly gitDir: string;
  readonly request: GitRequest;
  readonly account: string;
  readonly hooksPath: string;
  readonly maxPushBytes: number;
  /** Of the push's ticket; empty for a fetch. */
  readonly ticket: Readonly<Record<string, string>>;
}

/** CGI variables (RFC 3875) and settings that outrank whatever the repository's config says. */
export function backendEnvironment(call: BackendCall, request: IncomingMessage): Record<string, string> {
  const { service, kind } = call.request;
  const protocol = readProtocol(request.headers['git-protocol']);
  const end = kind === 'advertise' ? 'info/refs' : service;
  return {
    PATH: programPath(),
    LC_ALL: 'C',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_COMMITTER_NAME: call.account,
    GIT_COMMITTER_EMAIL: `${call.account}@localhost`,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_TRANSLATED: `${call.gitDir}/${end}`,
    REQUEST_METHOD: kind === 'advertise' ? 'GET' : 'POST',
    QUERY_STRING: kind === 'advertise' ? `service=${service}` : '',
    CONTENT_TYPE: kind === 'advertise' ? '' : `application/x-${service}-request`,
    REMOTE_USER: call.account,
    REMOTE_ADDR: request.socket.remoteAddress ?? '',
    ...(protocol === undefined ? {} : { GIT_PROTOCOL: protocol }),
    ...call.ticket,
    ...configEnvironment(serverConfig(call)),
  };
}

function serverConfig({ hooksPath, maxPushBytes }: BackendCall): readonly (readonly [string, string])[] {
  return [
    ['core.hooksPath', hooksPath],
    ['core.logAllRefUpdates', 'true'],
    ['core.fsync', 'objects,derived-metadata,reference'],
    ['core.fsyncMethod', 'batch'],
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
    ['http.uploadpack', 'true'],
    ['http.receivepack', 'true'],
    ['http.getanyfile', 'false'],
    ['receive.fsckObjects', 'true'],
    ['transfer.fsckObjects', 'true'],
    ['receive.maxInputSize', String(maxPushBytes)],
    ['receive.advertisePushOptions', 'true'],
    ['receive.autogc', 'false'],
    ['receive.updateServerInfo', 'false'],
    ['receive.denyCurrentBranch', 'ignore'],
    ['receive.denyDeleteCurrent', 'ignore'],
    ['transfer.hideRefs', 'refs/slipway'],
    ['uploadpack.allowFilter', 'true'],
  ];
}

function configEnvironment(config: readonly (readonly [string, string])[]): Record<string, string> {
  const environment: Record<string, string> = { GIT_CONFIG_COUNT: String(config.length) };
  for (const [index, [key, value]] of config.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}
