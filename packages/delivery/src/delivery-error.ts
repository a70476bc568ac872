import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

/** One line a code; `docs/errors.md` is tested against this table. */
export const deliveryErrors = {
  CHANGE_ID_INVALID: { retry: 'never', next: 'Use one line of at most 500 characters, without blanks at its ends.' },
  CONFIG_BRANCH_MISSING: { retry: 'never', next: 'Push the branch of the config repository first.' },
  CONFIG_BRANCH_BUSY: { retry: 'backoff', next: 'Others push to it without pause; it is tried again.' },
  CONFIG_PUSH_REFUSED: { retry: 'never', next: 'Let the service account push to this branch, or name another one.' },
  CONFIG_BRANCH_CHECKED_OUT: {
    retry: 'never',
    next: 'Name a bare repository, or check another branch out in that work tree.',
  },
  DELIVERY_FILE_MISSING: {
    retry: 'never',
    next: 'Add a slipway.yaml of kind Delivery to the root of the config repository.',
  },
  KUSTOMIZATION_MISSING: { retry: 'never', next: 'Name a folder that holds a kustomization.yaml.' },
  RELEASE_UNKNOWN: { retry: 'never', next: 'Name a release that has run in the environment before.' },
  RELEASE_SUPERSEDED: { retry: 'never', next: 'Promote the newer release: the shared files of this one have changed.' },
  RELEASE_INCOMPLETE: { retry: 'never', next: 'Pin every image by digest in the entry environment first.' },
  PROMOTION_REFUSED: { retry: 'never', next: 'Meet every gate listed, then promote again.' },
  PROMOTION_UNKNOWN: { retry: 'never', next: 'List them with `slipway status`.' },
  PROMOTION_ENTRY: { retry: 'never', next: 'Builds write the entry environment; promote to one after it.' },
  HOLD_UNKNOWN: { retry: 'never', next: 'List them with `slipway hold list`.' },
  FREEZE_UNKNOWN: { retry: 'never', next: 'List them with `slipway freeze list`.' },
  FREEZE_INVALID: { retry: 'never', next: 'Give an end that is after its start, both in ISO 8601.' },
  ROLLBACK_REFUSED: { retry: 'never', next: 'Choose another release: `slipway release list` shows what ran healthy.' },
  ROLLBACK_CONFLICT: {
    retry: 'never',
    next: 'Bring these files to the state that you want by a pull request in the config repository, then promote.',
  },
  BREAK_GLASS_REFUSED: { retry: 'never', next: 'Ask another person to look at it.' },
  APP_CONFIG_MISSING: {
    retry: 'never',
    next: 'Add a repository of role app-config with a folder APPLICATION/ENVIRONMENT for every environment.',
  },
  APP_CONFIG_REFUSED: {
    retry: 'never',
    next: 'Keep to plain files of 1 MiB together, without links and submodules, and push again.',
  },
  APP_CONFIG_INVALID: {
    retry: 'never',
    next: 'Mend every line above and push again; what is pinned stays until then.',
  },
  APP_CONFIG_PIN_BROKEN: {
    retry: 'never',
    next: 'Revert the commit that changed the folder app-config, or push a new app-config commit: Slipway pins it whole.',
  },
  CANARY_NOT_RUNNING: { retry: 'never', next: 'Look at what runs with `slipway status`.' },
  CANARY_NOT_WAITING: { retry: 'never', next: 'Wait until it does, or abort it.' },
  IMAGE_NOT_ALLOWED: { retry: 'never', next: 'Pull it from a registry that the delivery file lists.' },
  VERIFICATION_UNREACHABLE: { retry: 'backoff', next: 'Name a Service that the environment has.' },
} as const satisfies Record<string, ErrorRule>;

/** What a use case of delivery refuses. */
export class DeliveryError extends CodedError {
  override readonly name = 'DeliveryError';
  readonly code: keyof typeof deliveryErrors;

  constructor(code: keyof typeof deliveryErrors, what: string, context?: ErrorContext) {
    super(what, deliveryErrors[code], context);
    this.code = code;
  }
}
