import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Account,
  type CommitId,
  type DeliveryPhase,
  type DesiredState,
  type EnvironmentDeployment,
  parseBranch,
  type Name,
  parseDigest,
  parseName,
  type Promotion,
  type Repository,
  type Verification,
} from '@slipway/domain';
import { createSigningKey, createStatementSigner, parseEnvelope } from '@slipway/evidence';
import { createGitHost } from '@slipway/git';
import { createContentStore } from '@slipway/host';
import { appConfigMovedEffect, type GitRepository } from '@slipway/ports';
import { createKubectlRenderer } from '@slipway/renderer';
import { createStore, type OpenStore } from '@slipway/store';
import { EffectLog, startThrowawayDatabase, unreached } from '@slipway/testkit';
import { pinAppConfig } from '../src/app-config/pin-app-config.ts';
import { observeConfig, observeEffect } from '../src/environments/observe-config.ts';
import { recordDeployment } from '../src/environments/record-deployment.ts';
import { promoteEffect } from '../src/promotion/advance-delivery.ts';
import { carryPromotion, settlePromotion } from '../src/promotion/carry-promotion.ts';
import type { DeliveryServices, OpenPullRequest } from '../src/services.ts';
import { finishVerification } from '../src/verification/run-verification.ts';
import { localWriter, mainRef, pushForeign, service } from './config-repository.ts';

const repositoryName = parseName('config');
const application = parseName('guestbook');
export const settingsName = parseName('settings');

/** Digest of an image by one digit. */
export function image(digit: number): string {
  return `sha256:${String(digit).repeat(64)}`;
}

/** Kustomization of an environment that runs one image; without a digit the image is not pinned. */
export function overlay(environment: string, digit?: number, more = ''): string {
  const digest = digit === undefined ? '' : `\n    digest: ${image(digit)}`;
  return `resources: [../../base]
namespace: guestbook-${environment}
images:
  - name: web
    newName: registry.test/web
    newTag: t${digit ?? 0}${digest}
${more}`;
}

/** Delivery file of three environments: qa (verified), stage, prod (protected). */
export const deliveryFile = `apiVersion: slipway.dev/v1alpha1
kind: Delivery
metadata: {name: guestbook}
spec:
  branch: main
  updates: [qa]
  registries: [registry.test]
  environments:
    - name: qa
      path: overlays/qa
      namespace: guestbook-qa
      verifications:
        - {name: functional, repository: guestbook, commands: ['true'], services: []}
    - {name: stage, path: overlays/stage, namespace: guestbook-stage}
    - {name: prod, path: overlays/prod, namespace: guestbook-prod, class: protected, approvals: 1}
`;

export const base = {
  'base/kustomization.yaml': 'resources: [web.yaml]\n',
  'base/web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
`,
};

/** What the server says of the operator's reports. */
export const reportSource = { operator: 'operator', keyId: `sha256:${'a'.repeat(64)}`, digest: parseDigest(image(8)) };

/** A config repository with its environments, over a real store, real Git and the real renderer. */
export class DeliveryWorld {
  readonly services: DeliveryServices;
  readonly store: OpenStore;
  readonly repository: GitRepository;
  /** The app-config repository; without a record until {@link addSettings}. */
  readonly settings: GitRepository;
  readonly effects: EffectLog;
  /** Pull requests that were asked for, in order. */
  readonly requests: Parameters<OpenPullRequest>[0][] = [];
  /** Digests that the registry no longer has. */
  readonly goneImages = new Set<string>();
  /** Called after each render with the number of renders so far. */
  onRender: () => Promise<void> = () => Promise.resolve();
  onCheckpoint: (name: string) => Promise<void> = () => Promise.resolve();
  now = '2026-01-02T03:04:05.000Z';
  readonly #close: () => Promise<void>;

  constructor(parts: WorldParts) {
    this.store = parts.store;
    this.repository = parts.repository;
    this.settings = parts.settings;
    this.effects = parts.effects;
    this.#close = parts.close;
    const writer = localWriter(parts.repository);
    const refuse = unreached('the executor');
    this.services = {
      store: parts.store,
      renderer: {
        version: parts.renderer.version,
        render: async (...asked) => {
          const text = await parts.renderer.render(...asked);
          await this.onRender();
          return text;
        },
      },
      executor: refuse,
      content: createContentStore(parts.contentDir),
      logs: refuse,
      openRepository: (name) => Promise.resolve(name === settingsName ? parts.settings : parts.repository),
      writerOf: () => Promise.resolve(writer),
      findService: () => Promise.resolve(undefined),
      hasImage: ({ digest }) => Promise.resolve(!this.goneImages.has(digest)),
      openPullRequest: (request) => {
        const known = this.requests.findIndex((one) => one.source === request.source);
        if (known < 0) this.requests.push(request);
        return Promise.resolve({ number: known < 0 ? this.requests.length : known + 1 });
      },
      committer: service,
      now: () => this.now,
      checkpoint: (name) => this.onCheckpoint(name),
    };
  }

  /** Pushes files straight to the branch, as somebody with the right to would. */
  push(files: Readonly<Record<string, string>>): Promise<CommitId> {
    return pushForeign(this.repository, Object.entries(files));
  }

  /** Lets the delivery file name the app-config repository, and makes that with these files. */
  async addSettings(files: Readonly<Record<string, string>>): Promise<CommitId> {
    await putRepository(this, settingsName, 'app-config');
    const withSettings = deliveryFile.replace('  updates:', '  appConfig: {repository: settings}\n  updates:');
    await this.push({ 'slipway.yaml': withSettings });
    return this.pushSettings(files);
  }

  /** Pushes files of the app-config repository; `undefined` removes one. */
  pushSettings(files: Readonly<Record<string, string | undefined>>): Promise<CommitId> {
    return pushForeign(this.settings, Object.entries(files));
  }

  observe(): Promise<void> {
    return observeConfig(this.services, repositoryName);
  }

  async pushAndObserve(files: Readonly<Record<string, string>>): Promise<CommitId> {
    const commit = await this.push(files);
    await this.observe();
    return commit;
  }

  async state(environment: string): Promise<DesiredState> {
    const found = (await this.store.get('desiredState', `guestbook/${environment}`))?.value;
    if (found === undefined) throw new Error(`there is no environment ${environment}`);
    return found;
  }

  /** The operator's report about what is authorised in an environment. */
  async report(
    environment: string,
    phase: DeliveryPhase = 'succeeded',
    change: Partial<EnvironmentDeployment> = {},
  ): Promise<void> {
    const { authorised } = await this.state(environment);
    if (authorised === undefined) throw new Error(`nothing is authorised in ${environment}`);
    const report = {
      application,
      environment: parseName(environment),
      revision: authorised.revision,
      renderDigest: authorised.renderDigest,
      phase,
      reason: 'Told',
      message: `It ${phase}.`,
      inventory: ['Deployment.apps x/web'],
      written: 1,
      startedAt: this.now,
      observed: {},
      ...change,
    };
    await recordDeployment(this.services, report, reportSource);
  }

  async verifications(environment: string): Promise<readonly Verification[]> {
    return (await this.store.list('verification', { match: { environment } })).map(({ value }) => value);
  }

  /** Ends every verification of an environment that waits. */
  async verify(environment: string, phase: 'succeeded' | 'failed' = 'succeeded'): Promise<void> {
    for (const { id, attempt } of await this.verifications(environment))
      await finishVerification(this.services, { verification: id, attempt }, { phase, message: `It ${phase}.` });
  }

  async promotions(environment: string): Promise<readonly Promotion[]> {
    return (await this.store.list('promotion', { match: { environment } })).map(({ value }) => value);
  }

  /** Merges a promotion's pull request as the forge would after an approval, and looks at what comes of it. */
  async merge(promotion: Pick<Promotion, 'id'>, approvals: readonly string[] = ['boss']): Promise<CommitId> {
    const source = this.requests.find((one) => one.promotion === promotion.id)?.source ?? 'none';
    const commit = await this.repository.readRef(`refs/heads/${source}`);
    if (commit === undefined) throw new Error('the promotion has no branch');
    await this.repository.updateRef(mainRef, commit, await this.head());
    await settlePromotion(this.services, promotion.id, { commit, approvals, reviews: [] });
    await this.drive();
    return commit;
  }

  /** Carries out promotions and looks at the branch until nothing of that kind is left to do. */
  async drive(): Promise<void> {
    for (let round = 0; round < 20; round++) {
      const kinds = [promoteEffect, observeEffect, appConfigMovedEffect];
      const effects = kinds.flatMap((kind) => this.effects.take(kind));
      if (effects.length === 0) return;
      for (const effect of effects) {
        if (effect.kind === observeEffect) await this.observe();
        else if (effect.kind === appConfigMovedEffect) await this.pinSettings(effect.payload['commit'] as CommitId);
        else await carryPromotion(this.services, String(effect.payload['promotion']));
      }
    }
    throw new Error('the effects never ended');
  }

  /** What the effect of a push to the app-config repository does, and the look at the branch that follows it. */
  async pinSettings(commit: CommitId): Promise<void> {
    await pinAppConfig(this.services, { repository: settingsName, commit });
    await this.observe();
  }

  /** What was signed of a kind about an environment, oldest first. */
  async evidence(kind: string, place: { readonly environment: string }): Promise<readonly SignedStatement[]> {
    await this.store.sequence();
    const kept = await this.store.statements({ from: 0, limit: 10_000 });
    return kept
      .filter((one) => one.kind === kind)
      .map((one) => JSON.parse(Buffer.from(parseEnvelope(one.envelope).payload).toString()) as SignedStatement)
      .filter(({ predicate }) => predicate['environment'] === place.environment);
  }

  /** An image through qa: pinned there, deployed and verified. */
  async provenInQa(digit: number): Promise<void> {
    await this.pushAndObserve({ 'overlays/qa/kustomization.yaml': overlay('qa', digit) });
    await this.report('qa');
    await this.verify('qa');
  }

  async head(): Promise<CommitId> {
    const head = await this.repository.readRef(mainRef);
    if (head === undefined) throw new Error('there is no branch');
    return head;
  }

  close(): Promise<void> {
    return this.#close();
  }
}

/** The part of an in-toto statement that tests look at. */
export interface SignedStatement {
  readonly subject: readonly { readonly name: string; readonly digest: Readonly<Record<string, string>> }[];
  readonly predicate: Readonly<Record<string, unknown>>;
}

interface WorldParts {
  readonly store: OpenStore;
  readonly repository: GitRepository;
  readonly settings: GitRepository;
  readonly effects: EffectLog;
  readonly renderer: DeliveryServices['renderer'];
  readonly contentDir: string;
  readonly close: () => Promise<void>;
}

/** Opens worlds one after the other, that share one database server and one renderer. */
export class DeliveryWorlds {
  readonly #root: string;
  readonly #renderer: DeliveryServices['renderer'];
  #open: DeliveryWorld | undefined;
  #count = 0;

  constructor(root: string, renderer: DeliveryServices['renderer']) {
    this.#root = root;
    this.#renderer = renderer;
  }

  /** With image 1 pinned everywhere; nothing was looked at yet. The world before it ends. */
  async open(): Promise<DeliveryWorld> {
    // Opened before the other ends: the server ends with its last database.
    const database = await startThrowawayDatabase();
    await this.#open?.close();
    const folder = path.join(this.#root, String(++this.#count));
    const repository = await createGitHost().create(path.join(folder, 'config.git'));
    const settings = await createGitHost().create(path.join(folder, 'settings.git'));
    const effects = new EffectLog();
    const key = createSigningKey();
    const signer = createStatementSigner({ privateKey: key.privateKey, keyId: 'server' });
    const store: OpenStore = await createStore({ url: database.url, signer, effects, clock: () => world.now });
    const close = async (): Promise<void> => {
      await store.close();
      await database.stop();
    };
    const contentDir = path.join(folder, 'content');
    const world = new DeliveryWorld({
      ...{ contentDir, store, repository, settings, effects, close },
      renderer: this.#renderer,
    });
    this.#open = world;
    await world.push({
      ...base,
      'slipway.yaml': deliveryFile,
      ...Object.fromEntries(
        ['qa', 'stage', 'prod'].map((name) => [`overlays/${name}/kustomization.yaml`, overlay(name, 1)]),
      ),
    });
    await putRepository(world, repositoryName, 'config');
    return world;
  }

  async close(): Promise<void> {
    await this.#open?.close();
    await rm(this.#root, { recursive: true, force: true });
  }
}

async function putRepository(world: DeliveryWorld, name: Name, role: Repository['role']): Promise<void> {
  await world.store.transact((tx) =>
    tx.put('repository', name, {
      id: name,
      role,
      defaultBranch: parseBranch('main'),
      protection: { requiresPullRequest: true, requiredApprovals: 1, requiredChecks: [] },
      createdAt: world.now,
    }),
  );
}

export async function openDeliveryWorlds(): Promise<DeliveryWorlds> {
  const root = await mkdtemp(path.join(tmpdir(), 'slipway-delivery-'));
  await chmod(root, 0o755);
  return new DeliveryWorlds(root, await createKubectlRenderer({ stateDir: root }));
}

export const promoter: Account = {
  id: 'pia',
  displayName: 'Pia',
  kind: 'person',
  roles: ['promoter'],
  verifiedEmails: ['pia@example.test'],
  isDisabled: false,
  createdAt: '2026-01-01T00:00:00Z',
};
