import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

export const pipelineErrors = {
  PIPELINE_FILE_MISSING: { retry: 'never', next: 'Add a slipway.yaml of kind Pipeline to the root of the repository.' },
  PIPELINE_RUN_UNKNOWN: { retry: 'never', next: 'List the runs with `slipway status`.' },
  PIPELINE_RUN_FINISHED: { retry: 'never', next: 'Start it again with `slipway run retry`.' },
  PIPELINE_RUN_UNFINISHED: { retry: 'never', next: 'Wait for its end, or cancel it with `slipway run cancel`.' },
  STAGE_OUTPUT_LOST: { retry: 'never', next: 'Run the stage again: its kept output is gone.' },
  STAGE_OUTPUT_UNREADABLE: { retry: 'never', next: 'Look at what the stage wrote to the path of that output.' },
} as const satisfies Record<string, ErrorRule>;

/** What a use case of the pipeline refuses. */
export class PipelineError extends CodedError {
  override readonly name = 'PipelineError';
  readonly code: keyof typeof pipelineErrors;

  constructor(code: keyof typeof pipelineErrors, what: string, context?: ErrorContext) {
    super(what, pipelineErrors[code], context);
    this.code = code;
  }
}
