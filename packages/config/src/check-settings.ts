import { createContext, Script } from 'node:vm';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Fault } from './fault.ts';
import { parseYaml, type ParsedYaml } from './parse-yaml.ts';
import { faultAt } from './validate-document.ts';

/** A file of an app-config repository. */
export interface SettingsFile {
  /** From the root of the repository; named in faults. */
  readonly path: string;
  readonly content: Uint8Array;
}

/** All checks of one commit together: a schema whose pattern backtracks must not hold up the server. */
const timeLimitMs = 2_000;
/** More faults than this help nobody. */
const mostFaults = 50;

/**
 * Reads every JSON and YAML file and holds it against a JSON Schema (draft-07, or 2020-12 by its `$schema`).
 *
 * Other files are left alone. `format` is not checked, and a `$ref` only finds what stands in the schema itself.
 *
 * @param schema - absent: only the syntax is checked.
 * @returns every fault with file, line and path, at most 50; those of the schema itself alone when it has any.
 */
export function checkSettings(files: readonly SettingsFile[], schema?: SettingsFile): readonly Fault[] {
  const readable = files.filter(({ path }) => /\.(?:json|ya?ml)$/.test(path)).map(readSettings);
  const syntax = readable.flatMap(({ parsed }) => parsed.faults);
  if (schema === undefined) return syntax.slice(0, mostFaults);
  try {
    return withinTime(() => {
      const validate = compileSchema(schema);
      if (typeof validate !== 'function') return validate;
      return [...syntax, ...readable.flatMap((file) => judge(file, validate))].slice(0, mostFaults);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    return [whole(schema.path, `checking by it takes longer than ${timeLimitMs} ms; simplify its patterns`)];
  }
}

interface Settings {
  readonly parsed: ParsedYaml;
  readonly value: unknown;
}

function readSettings({ path, content }: SettingsFile): Settings {
  const text = Buffer.from(content).toString();
  const parsed = parseYaml(text, path);
  const [document, second] = parsed.documents;
  const fault = second !== undefined ? 'it has more than one document' : jsonFault(path, text);
  if (parsed.faults.length > 0 || document === undefined || fault !== undefined) {
    const faults = parsed.faults.length > 0 ? parsed.faults : [whole(path, fault ?? 'the file is empty')];
    return { parsed: { ...parsed, documents: [], faults }, value: undefined };
  }
  return { parsed, value: document.toJS({ maxAliasCount: 50 }) };
}

/** YAML reads almost all JSON and much that is none; the app that reads the file may not. */
function jsonFault(path: string, text: string): string | undefined {
  if (!path.endsWith('.json')) return undefined;
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return `not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function compileSchema(schema: SettingsFile): ValidateFunction | readonly Fault[] {
  const { parsed, value } = readSettings(schema);
  if (parsed.faults.length > 0) return parsed.faults;
  if (typeof value !== 'object' || value === null) return [whole(schema.path, 'a JSON Schema is an object')];
  const options = { allErrors: true, strict: false, validateFormats: false, logger: false } as const;
  const { $schema: dialect } = value as { readonly $schema?: unknown };
  const isNewer = typeof dialect === 'string' && dialect.includes('2020-12');
  try {
    return (isNewer ? new Ajv2020(options) : new Ajv(options)).compile(value);
  } catch (error) {
    return [whole(schema.path, `not a JSON Schema: ${error instanceof Error ? error.message : String(error)}`)];
  }
}

function judge({ parsed, value }: Settings, validate: ValidateFunction): readonly Fault[] {
  const [document] = parsed.documents;
  if (document === undefined || validate(value)) return [];
  return (validate.errors ?? []).slice(0, mostFaults).map((error) => {
    const path = pathOf(error, value);
    return faultAt(path, messageOf(error), document, parsed);
  });
}

/** From a JSON pointer (RFC 6901) to keys and places in lists; an unknown or missing field counts as part of it. */
function pathOf(error: ErrorObject, value: unknown): readonly PropertyKey[] {
  const path: PropertyKey[] = [];
  let at: unknown = value;
  for (const part of error.instancePath.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const key = Array.isArray(at) ? Number(name) : name;
    path.push(key);
    at = (at as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key];
  }
  const field: unknown = error.params['additionalProperty'] ?? error.params['missingProperty'];
  return typeof field === 'string' ? [...path, field] : path;
}

function messageOf(error: ErrorObject): string {
  if (error.keyword === 'additionalProperties') return 'unknown field; the schema does not have it';
  if (error.keyword === 'required') return 'it is missing; the schema requires it';
  const allowed: unknown = error.params['allowedValues'];
  const known = Array.isArray(allowed) ? `: ${allowed.map((one) => JSON.stringify(one)).join(', ')}` : '';
  return `${error.message ?? error.keyword}${known}`;
}

/** The watchdog of `vm` ends a regular expression too, which no promise or timer can. */
function withinTime<T>(work: () => T): T {
  const context = createContext({ work });
  return new Script('work()').runInContext(context, { timeout: timeLimitMs }) as T;
}

function whole(file: string, message: string): Fault {
  return { file, line: 1, column: 1, path: '', message };
}
