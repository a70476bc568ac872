import type { Act } from './report.ts';
import type { World } from './world.ts';
import { appConfigAct } from './acts/app-config.ts';
import { auditAct } from './acts/audit.ts';
import { badReleaseAct } from './acts/bad-release.ts';
import { continuousIntegrationAct } from './acts/continuous-integration.ts';
import { deliveryAct } from './acts/delivery.ts';
import { productionAct } from './acts/production.ts';
import { pullRequestAct } from './acts/pull-request.ts';
import { sharedBaseAct } from './acts/shared-base.ts';
import { wrongReleaseAct } from './acts/wrong-release.ts';

/** One act: what it is called, and how it is played. `play` is absent until its issue brings it. */
export interface Scene {
  readonly name: string;
  readonly play?: (world: World, act: Act) => Promise<void>;
}

/** The story in its order. */
export const scenes: readonly Scene[] = [
  { name: '1 Pull request', play: pullRequestAct },
  { name: '2 CI on main', play: continuousIntegrationAct },
  { name: '3 Delivery to production', play: deliveryAct },
  { name: '3b Shared base and direct push', play: sharedBaseAct },
  { name: '3c App config', play: appConfigAct },
  { name: '4 Production', play: productionAct },
  { name: '5 A bad release', play: badReleaseAct },
  { name: '6 A wrong release, rolled back', play: wrongReleaseAct },
  { name: '7 Audit', play: auditAct },
];
