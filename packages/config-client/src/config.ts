/** Flat settings as the server answers them: `a.b`, `list[0]`. */
export type ConfigValue = string | number | boolean;

/** One answer of the config endpoint that holds. */
export interface Config {
  readonly application: string;
  readonly profile: string;
  /** Commit of the app-config repository. */
  readonly version: string;
  /** All sources together; of a key that two files have, the file that comes first in the alphabet wins. */
  readonly values: Readonly<Record<string, ConfigValue>>;
  /** `network`, or `cache` while the server has not answered since the start. */
  readonly source: 'network' | 'cache';
}

/** Validator and body of an answer, as they are kept on disk. */
export interface KeptAnswer {
  readonly etag: string;
  readonly body: string;
}

/** Larger than any app config may be; more is no answer of ours. */
export const maxBodyBytes = 8_388_608;

/**
 * Reads an answer of the endpoint (Spring Cloud Config's `Environment`).
 *
 * @throws Error naming what is wrong: half an answer, another application's, or somebody else's altogether.
 */
export function parseConfig(
  body: string,
  expected: { readonly application: string; readonly profile: string; readonly source: Config['source'] },
): Config {
  const answer: unknown = JSON.parse(body);
  if (!isFields(answer)) throw new Error('the answer is no object');
  const { name, profiles, version, propertySources } = answer;
  if (name !== expected.application) throw new Error('the answer is for another application');
  if (!Array.isArray(profiles) || profiles[0] !== expected.profile)
    throw new Error('the answer is for another profile');
  if (typeof version !== 'string' || version === '') throw new Error('the answer has no version');
  if (!Array.isArray(propertySources)) throw new Error('the answer has no propertySources');
  const values = new Map<string, ConfigValue>();
  for (const one of propertySources as readonly unknown[]) {
    const source = isFields(one) ? one['source'] : undefined;
    if (!isFields(source)) throw new Error('a property source is not an object');
    for (const [key, value] of Object.entries(source)) {
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
        throw new Error('a property is neither text, number nor boolean');
      if (!values.has(key)) values.set(key, value);
    }
  }
  return { ...expected, version, values: Object.fromEntries(values) };
}

/** Tells whether two configs say the same, whatever commit brought them. */
export function sayTheSame(one: Config, other: Config): boolean {
  const keys = Object.keys(one.values);
  return keys.length === Object.keys(other.values).length && keys.every((key) => one.values[key] === other.values[key]);
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
