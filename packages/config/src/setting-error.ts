import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';

export const settingErrors = {
  SETTING_INVALID: { retry: 'never', next: 'Correct the variable and start again; docs/notifications.md lists them.' },
} as const satisfies Record<string, ErrorRule>;

/** A variable of the environment that cannot be used. Its value stands nowhere: it may be a credential. */
export class SettingError extends CodedError {
  override readonly name = 'SettingError';
  readonly code: keyof typeof settingErrors;

  constructor(what: string, context?: ErrorContext) {
    super(what, settingErrors.SETTING_INVALID, context);
    this.code = 'SETTING_INVALID';
  }
}
