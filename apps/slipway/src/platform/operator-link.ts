import type { KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import { enrolmentView } from '@slipway/api';
import { keyFingerprint, parsePublicKey, signReport } from '@slipway/evidence';
import {
  type DeploymentReport,
  type EnvironmentPolicy,
  followPolicies,
  OperatorError,
  parsePolicy,
  type PolicyServer,
} from '@slipway/operator';
import { createApiClient } from '../client/api-client.ts';
import { readEvents } from '../client/read-events.ts';
import type { OperatorFolder } from './operator-folder.ts';

/** How an operator reaches its server, and as whom. */
export interface OperatorLink {
  readonly url: string;
  readonly token: string;
  readonly folder: OperatorFolder;
  readonly log: Logger;
}

const enrolMs = 10_000;

/**
 * Says which key we sign with; repeatable.
 *
 * @returns the server's own key, as it says: believe it only the first time.
 * @throws ApiError when it refuses us; CliError `CLI_SERVER_UNREACHABLE`.
 */
export async function enrol(link: OperatorLink, signal: AbortSignal): Promise<KeyObject> {
  const { url, token, folder } = link;
  const client = createApiClient({ url, token, signal, timeoutMs: enrolMs });
  const body = { publicKey: folder.key.publicPem };
  const { serverKey } = await client.post('/api/v1/operator/enrol', enrolmentView, { body });
  return parsePublicKey(serverKey);
}

/** The server over HTTP: it may come and go, and must stay the one whose key is trusted. */
export function openPolicyServer(link: OperatorLink, trusted: KeyObject): PolicyServer {
  const { log, folder } = link;
  let isAway = false;
  const onAway = (error: unknown): void => {
    if (!isAway) log.warn({ err: error }, 'the server is away');
    isAway = true;
  };
  const onBack = (): void => {
    if (isAway) log.info('the server is back');
    isAway = false;
  };
  return {
    watch: (signal) =>
      followPolicies({
        connect: (one) => connect(link, { trusted, onBack }, one),
        memory: folder.memory,
        onAway,
        signal,
      }),
    report: (report, signal) => send(link, report, signal),
  };
}

async function* connect(
  link: OperatorLink,
  facts: { readonly trusted: KeyObject; readonly onBack: () => void },
  signal: AbortSignal,
): AsyncIterable<readonly EnvironmentPolicy[]> {
  const told = keyFingerprint(await enrol(link, signal));
  const trusted = keyFingerprint(facts.trusted);
  if (told !== trusted)
    throw new OperatorError('SERVER_KEY_CHANGED', `The server at ${link.url} signs with ${told}, we trust ${trusted}`);
  facts.onBack();
  const headers = { authorization: `Bearer ${link.token}` };
  const events = readEvents(`${link.url}/api/v1/operator/policies`, { headers, signal });
  for await (const event of events)
    if (event.name === 'policies')
      yield (JSON.parse(event.data) as readonly Readonly<Record<string, unknown>>[]).map(parsePolicy);
}

async function send(link: OperatorLink, report: DeploymentReport, signal: AbortSignal): Promise<void> {
  const { url, token, folder } = link;
  const envelope = signReport(report, {
    privateKey: folder.key.signing.privateKey,
    keyId: folder.key.fingerprint,
  });
  try {
    await createApiClient({ url, token, signal }).headersOf('/api/v1/operator/deployments', { envelope });
  } catch (error) {
    signal.throwIfAborted();
    const where = `${report.application}/${report.environment}`;
    throw new OperatorError('REPORT_UNDELIVERED', `The report about ${where} did not reach the server`, {
      cause: error,
    });
  }
}
