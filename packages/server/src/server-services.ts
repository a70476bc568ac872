import type { Account, Branch, Digest, ImagePin, Name } from '@slipway/domain';
import type { DeliveryServices, LandedEdit } from '@slipway/delivery';
import type { PipelineServices, ReviewServices } from '@slipway/pipeline';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A handler outside the API: Git over HTTP or the registry; false when the request is not for it. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** What the routes reach outside with; composed in the program. */
export interface ServerServices {
  readonly pipeline: PipelineServices;
  readonly review: ReviewServices;
  readonly delivery: DeliveryServices;
  readonly rawHandlers: readonly RawHandler[];
  /** Folder of the built dashboard; absent when it was not built. */
  readonly dashboardDir?: string;
  readonly version: string;
  readonly startedAt: string;
  /** As people and Git clients reach it: `http://127.0.0.1:PORT`. */
  readonly publicUrl: () => string;
  readonly setImage: (request: SetImageRequest) => Promise<LandedEdit>;
  /** Makes the bare repository of that name in the built-in forge; one that is there is left as it is. */
  readonly createRepository: (name: Name) => Promise<void>;
  /** DSSE envelope of a statement by id; absent when there is none. */
  readonly envelopeOf: (statement: string) => Promise<string | undefined>;
  /** SPKI PEM of the key that statements are signed with: operators believe authorisations by it. */
  readonly serverKey: string;
  /** Keeps the envelope of a report by its digest; the same one again costs nothing. */
  readonly keepReport: (envelope: string, digest: Digest) => Promise<void>;
  /** Heard of the operator: when, and under which token. */
  readonly operatorSeen: { at: string | undefined };
  readonly exportAudit: (request: {
    readonly from: string;
    readonly to: string;
  }) => Promise<Readonly<Record<string, string>>>;
  readonly onFault: (error: unknown) => void;
}

export interface SetImageRequest {
  readonly account: Account;
  readonly repository: Name;
  readonly id: string;
  readonly branch: Branch;
  readonly folders: readonly string[];
  readonly files: readonly string[];
  readonly pins: readonly ImagePin[];
  readonly author: { readonly name: string; readonly email: string };
}

/** A credential as HTTP brought it. */
export interface Credential {
  readonly secret: string;
  readonly from: 'bearer' | 'basic' | 'cookie';
}
