import type { AppConfigPin } from '../app-config/app-config-pin.ts';
import type { CanaryControl, CanaryReport } from '../canary/canary.ts';
import type { CommitId } from '../identity/commit-id.ts';
import type { Digest } from '../identity/digest.ts';
import type { Branch, Name } from '../identity/names.ts';
import type { EnvironmentDefinition } from './delivery.ts';
import type { DeliveryPhase } from '../phases.ts';
import type { ImagePin } from '../manifest/manifest-commit.ts';

/** Immutable set named by its content. */
export interface Release {
  /** `sha256:` over the canonical JSON of the fields below but `alias` and `createdAt`. */
  readonly id: Digest;
  readonly application: Name;
  readonly images: readonly ImagePin[];
  /** Digest over the tree ids of the closure outside the environments' own folders. */
  readonly sharedInputs: Digest;
  /** Files that the running app reads; the id covers repository and tree. Absent when the environments pin none. */
  readonly appConfig?: AppConfigPin;
  /** Config revision where it was first seen in the entry environment. */
  readonly firstRevision: CommitId;
  /** Changes of code repositories whose images it holds, by image name. */
  readonly changes: readonly string[];
  readonly createdAt: string;
}

/** What the config branch wants for one environment, and what may be applied. Its id is `application/environment`. */
export interface DesiredState {
  readonly id: string;
  readonly application: Name;
  readonly environment: Name;
  readonly repository: Name;
  readonly branch: Branch;
  readonly definition: EnvironmentDefinition;
  /** Place in the order of promotion, from 0. */
  readonly order: number;
  /** No environment comes before it: renders of the branch go live without a promotion. */
  readonly isEntry: boolean;
  /** Head of the branch when last looked at. */
  readonly head: CommitId;
  readonly closureKey?: Digest;
  /** Render of the head; absent when the render failed (`fault`). */
  readonly renderDigest?: Digest;
  readonly release?: Digest;
  readonly fault?: string;
  /** What the operator may apply now. */
  readonly authorised?: {
    readonly revision: CommitId;
    readonly renderDigest: Digest;
    readonly release: Digest;
    readonly statement: string;
    /** What its app-config folder holds at that revision. */
    readonly appConfig?: AppConfigPin;
  };
  /** Set while the head's render is not the authorised one. */
  readonly pending?: {
    readonly since: string;
    readonly revision: CommitId;
    readonly renderDigest: Digest;
    readonly reason: string;
  };
  /** The last word of a person on a canary; it counts only for the render that it names. */
  readonly canaryControl?: CanaryControl & { readonly renderDigest: Digest };
  readonly updatedAt: string;
}

/** Why a deployment is where it is; PascalCase. */
export interface DeploymentReason {
  readonly reason: string;
  readonly message: string;
}

/** This render in this environment. Its id is `application/environment/renderDigest/revision`. */
export interface EnvironmentDeployment extends DeploymentReason {
  readonly id: string;
  readonly application: Name;
  readonly environment: Name;
  readonly revision: CommitId;
  readonly renderDigest: Digest;
  readonly release: Digest;
  /** What its app-config folder held; absent without one. */
  readonly appConfig?: AppConfigPin;
  readonly phase: DeliveryPhase;
  /** Objects applied: `Kind.group namespace/name`. */
  readonly inventory: readonly string[];
  /** Objects whose live state differed and were written. */
  readonly written: number;
  /** Absent where all pods were replaced at once. */
  readonly canary?: CanaryReport;
  readonly healthySince?: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
}

/** Checks after deploying. Its id is `deployment/name`. */
export interface Verification {
  readonly id: string;
  readonly deployment: string;
  readonly application: Name;
  readonly environment: Name;
  readonly release: Digest;
  readonly name: Name;
  readonly phase: DeliveryPhase;
  readonly attempt: number;
  readonly message: string;
  readonly tests?: { readonly passed: number; readonly failed: number; readonly skipped: number };
  readonly isolation?: string;
  readonly logDigest?: Digest;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}
