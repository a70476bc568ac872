import type { Signature } from '@slipway/domain';
import type { PipelineServices } from '../services.ts';
import type { CancelEffect } from '../control-run.ts';

/** What reviewing and merging reach outside with. */
export interface ReviewServices extends Pick<PipelineServices, 'store' | 'openRepository' | 'now' | 'checkpoint'> {
  /** The service account as Git metadata. */
  readonly committer: Signature;
  readonly cancelEffect: CancelEffect;
}
