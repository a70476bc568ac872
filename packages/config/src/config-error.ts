import { CodedError, type ErrorContext, type ErrorRule } from '@slipway/domain';
import { type Fault, printFault } from './fault.ts';

export const configErrors = {
  CONFIG_INVALID: { retry: 'never', next: 'Mend every line above; `slipway lint` checks the file again.' },
} as const satisfies Record<string, ErrorRule>;

/** A file that people write and that has faults: all of them at once. */
export class ConfigError extends CodedError {
  override readonly name = 'ConfigError';
  readonly code: keyof typeof configErrors;
  readonly faults: readonly Fault[];

  constructor(file: string, faults: readonly Fault[], context?: ErrorContext) {
    super(
      `${file} has ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n${faults.map(printFault).join('\n')}\n`,
      configErrors.CONFIG_INVALID,
      context,
    );
    this.code = 'CONFIG_INVALID';
    this.faults = faults;
  }
}
