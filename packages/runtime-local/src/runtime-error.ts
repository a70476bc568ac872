import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

export const runtimeErrors = {
  RUNTIME_ALREADY_RUNNING: { retry: 'never', next: 'Use the runtime that runs, or stop it first.' },
  RUNTIME_START_FAILED: { retry: 'backoff', next: 'Read the log named above.' },
  RUNTIME_STOP_FAILED: { retry: 'backoff', next: 'Stop again; what is left is named above.' },
  RUNTIME_VERSION_DIFFERS: { retry: 'never', next: 'Stop the running runtime and start this one.' },
  RUNTIME_FOLDER_UNREACHABLE: {
    retry: 'never',
    next: 'Choose a state folder that other users may pass through (x on every folder above it).',
  },
  RUNTIME_IMAGE_MISSING: { retry: 'backoff', next: 'Push the image, or correct its reference.' },
  RUNTIME_IMAGE_INVALID: { retry: 'never', next: 'Build the image again.' },
  RUNTIME_IMAGE_TOO_LARGE: { retry: 'never', next: 'Make the image smaller.' },
  RUNTIME_IMAGE_NOT_RUNNABLE: {
    retry: 'never',
    next: 'Install bubblewrap, or label an image with entrypoint node as slipway.runtime=node.',
  },
  RUNTIME_POD_CONFIG: { retry: 'backoff', next: 'Apply what the pod refers to.' },
  RUNTIME_NO_PORT: { retry: 'backoff', next: 'Free a port between 20000 and 29999.' },
} as const satisfies Record<string, ErrorRule>;

/** What the local runtime could not do. */
export class RuntimeError extends CodedError {
  override readonly name = 'RuntimeError';
  readonly code: keyof typeof runtimeErrors;

  constructor(code: keyof typeof runtimeErrors, what: string, context?: ErrorContext) {
    super(what, runtimeErrors[code], context);
    this.code = code;
  }
}
