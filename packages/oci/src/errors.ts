import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

export const registryErrors = {
  REGISTRY_URL_REFUSED: { retry: 'never', next: 'Use https, or http on loopback, without a user in the URL.' },
  REGISTRY_NAME_INVALID: { retry: 'never', next: 'Use a lower-case repository path such as team/app.' },
  REGISTRY_UNREACHABLE: { retry: 'backoff', next: 'Check that the registry runs and can be reached.' },
  REGISTRY_UNAUTHORISED: { retry: 'never', next: 'Give a credential that the registry knows.' },
  REGISTRY_DENIED: { retry: 'never', next: 'Give the account this right on the repository.' },
  REGISTRY_REFUSED: { retry: 'backoff', next: 'Read the registry’s own message above.' },
  REGISTRY_TAG_EXISTS: { retry: 'never', next: 'Push another tag: a tag never changes its image.' },
  REGISTRY_CONTENT_MISSING: { retry: 'never', next: 'Push the content first.' },
  REGISTRY_CONTENT_MISMATCH: { retry: 'backoff', next: 'Do not use the content; fetch or build it again.' },
  REGISTRY_CONTENT_TOO_LARGE: { retry: 'never', next: 'Make it smaller, or raise the limit.' },
  REGISTRY_MANIFEST_INVALID: { retry: 'never', next: 'Push an OCI image manifest or index.' },
} as const satisfies Record<string, ErrorRule>;

/** What a registry refused, or what it answered that must not be used. */
export class RegistryError extends CodedError {
  override readonly name = 'RegistryError';
  readonly code: keyof typeof registryErrors;

  constructor(code: keyof typeof registryErrors, what: string, context?: ErrorContext) {
    super(what, registryErrors[code], context);
    this.code = code;
  }
}

export const imageErrors = {
  IMAGE_CONTEXT_REFUSED: { retry: 'never', next: 'Remove that entry from the build context.' },
  IMAGE_CONTEXT_INVALID: { retry: 'never', next: 'Give the build context as an uncompressed tar.' },
  IMAGE_TOO_LARGE: { retry: 'never', next: 'Leave files out with .dockerignore, or raise the limit.' },
  IMAGE_DOCKERFILE_INVALID: { retry: 'never', next: 'Correct that line of the Dockerfile.' },
  IMAGE_INSTRUCTION_UNSUPPORTED: { retry: 'never', next: 'Change that line of the Dockerfile.' },
  IMAGE_RUN_UNSUPPORTED: { retry: 'never', next: 'Use a build stage of the pipeline, or buildah.' },
  IMAGE_BASE_UNKNOWN: { retry: 'never', next: 'Use scratch, slipway/node or a base this server is given.' },
  IMAGE_SOURCE_MISSING: { retry: 'never', next: 'Check the path and .dockerignore.' },
  IMAGE_LAYOUT_INVALID: { retry: 'never', next: 'Build or pull the image again.' },
  IMAGE_OUTPUT_EXISTS: { retry: 'never', next: 'Name a folder that does not exist.' },
} as const satisfies Record<string, ErrorRule>;

/** Why an image cannot be built or read. Fact `line` (from 1) where one line of the Dockerfile is at fault. */
export class ImageError extends CodedError {
  override readonly name = 'ImageError';
  readonly code: keyof typeof imageErrors;

  constructor(code: keyof typeof imageErrors, what: string, context?: ErrorContext) {
    super(what, imageErrors[code], context);
    this.code = code;
  }
}
