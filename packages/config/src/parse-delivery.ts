import {
  type Branch,
  type DeliveryDefinition,
  type EnvironmentDefinition,
  parseName,
  type PromotionWindow,
  weekdays,
} from '@slipway/domain';
import { ConfigError } from './config-error.ts';
import { defaults } from './defaults.ts';
import { deliverySchema, type DeliverySource, type EnvironmentSource } from './delivery-schema.ts';
import type { Fault } from './fault.ts';
import { parseYaml } from './parse-yaml.ts';
import { toStrategy } from './strategy-schema.ts';
import { validateDocument } from './validate-document.ts';

/**
 * Reads a `slipway.yaml` of a config repository.
 *
 * @throws {@link ConfigError} `CONFIG_INVALID` with every fault of the file.
 */
export function parseDelivery(text: string, file: string): DeliveryDefinition {
  const parsed = parseYaml(text, file);
  const [document, ...others] = parsed.documents;
  if (parsed.faults.length > 0) throw new ConfigError(file, parsed.faults);
  if (document === undefined || others.length > 0) {
    throw new ConfigError(file, [
      { file, line: 1, column: 1, path: '', message: 'a delivery file has exactly one document' },
    ]);
  }
  const result = validateDocument(document, deliverySchema, parsed);
  if (result.value === undefined) throw new ConfigError(file, result.faults);
  const faults = wholeFaults(result.value, file);
  if (faults.length > 0) throw new ConfigError(file, faults);
  return toDefinition(result.value);
}

function wholeFaults(source: DeliverySource, file: string): readonly Fault[] {
  const at = (path: string, message: string): Fault => ({ file, line: 1, column: 1, path, message });
  const { environments, updates } = source.spec;
  const names = environments.map((environment) => environment.name);
  const twice = (values: readonly string[]): readonly string[] =>
    values.filter((value, index) => values.indexOf(value) !== index);
  return [
    ...twice(names).map((name) => at('spec.environments', `environment ${name} stands twice`)),
    ...twice(environments.map((environment) => environment.path)).map((path) =>
      at('spec.environments', `path ${path} belongs to two environments`),
    ),
    ...twice(environments.map((e) => `${e.target ?? defaults.target}/${e.namespace}`)).map((place) =>
      at('spec.environments', `two environments deploy to ${place}`),
    ),
    ...updates
      .filter((name) => !names.includes(name))
      .map((name) => at('spec.updates', `there is no environment ${name}`)),
    ...updates
      .filter((name) =>
        environments.some((environment) => environment.name === name && classOf(environment) === 'protected'),
      )
      .map((name) => at('spec.updates', `environment ${name} is protected: builds do not write it, promotions do`)),
  ];
}

function toDefinition(source: DeliverySource): DeliveryDefinition {
  const { spec } = source;
  return {
    application: source.metadata.name,
    branch: spec.branch ?? (defaults.branch as Branch),
    updates: spec.updates,
    registries: spec.registries,
    environments: spec.environments.map(toEnvironment),
    ...(spec.appConfig === undefined ? {} : { appConfig: spec.appConfig }),
  };
}

/** `prod` is protected by default: turning that off must be written down. */
function classOf(environment: EnvironmentSource): 'open' | 'protected' {
  return environment.class ?? (environment.name === 'prod' ? 'protected' : 'open');
}

function toEnvironment(environment: EnvironmentSource): EnvironmentDefinition {
  const isProtected = classOf(environment) === 'protected';
  const asked = environment.approvals ?? (isProtected ? defaults.protectedApprovals : 0);
  return {
    name: environment.name,
    path: environment.path,
    namespace: environment.namespace,
    target: environment.target ?? parseName(defaults.target),
    class: classOf(environment),
    // The server's floor: no file lowers a protected environment below one approval.
    approvals: isProtected ? Math.max(1, asked) : asked,
    soakMs: environment.soak ?? 0,
    rolloutDeadlineMs: environment.rolloutDeadline ?? defaults.rolloutDeadlineMs,
    windows: (environment.windows ?? []).flatMap(toWindow),
    dependencies: (environment.dependencies ?? []).map((dependency) => ({
      ...dependency,
      port: dependency.port ?? 80,
    })),
    verifications: (environment.verifications ?? []).map((verification) => ({
      name: verification.name,
      repository: verification.repository,
      commands: verification.commands,
      services: verification.services,
      timeoutMs: verification.timeout ?? defaults.verificationTimeoutMs,
    })),
    strategy: toStrategy(environment.strategy),
  };
}

function toWindow(source: NonNullable<EnvironmentSource['windows']>[number]): readonly PromotionWindow[] {
  const times = source.allow ?? source.deny;
  if (times === undefined) return [];
  const { days, from, to, timeZone } = times;
  const kind = source.allow === undefined ? 'deny' : 'allow';
  return [{ kind, days: days ?? weekdays, fromMinute: from % 1440, toMinute: to, timeZone }];
}
