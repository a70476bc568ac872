import type { DependencyDefinition, DesiredState } from '@slipway/domain';
import { parseObjects, renderEnvironment, treeAt } from '@slipway/manifests';
import type { DeliveryServices } from '../services.ts';
import type { VerificationEnd } from './run-verification.ts';

const maxBytes = 1_048_576;
const timeoutMs = 10_000;

/** Asks a Service of the environment for the value that the overlay needs, such as a schema version. */
export async function checkDependency(
  services: DeliveryServices,
  desired: DesiredState,
  dependency: DependencyDefinition,
  context: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<VerificationEnd> {
  const needed = await neededValue(services, desired, dependency);
  if (needed === undefined) {
    return { phase: 'failed', message: `No object of the render has the annotation ${dependency.equalsAnnotation}.` };
  }
  const address = await services.findService(desired.definition, { name: dependency.service, port: dependency.port });
  if (address === undefined)
    return { phase: 'failed', message: `There is no Service ${dependency.service}:${dependency.port}.` };
  const url = `http://${address.host}:${address.port}${dependency.path}`;
  const response = await fetch(url, {
    signal: AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]),
    redirect: 'error',
  });
  const body = (await response.text()).slice(0, maxBytes);
  const found = response.ok ? fieldOf(body, dependency.field) : undefined;
  context.say(
    `${dependency.service}${dependency.path} answered ${response.status}; ${dependency.field} is ${found ?? 'absent'}, needed is ${needed}`,
  );
  if (found === needed)
    return { phase: 'succeeded', message: `${dependency.field} of ${dependency.service} is ${found}, as needed.` };
  return {
    phase: 'failed',
    message: `${dependency.field} of ${dependency.service} is ${found ?? 'absent'}; ${needed} is needed.`,
  };
}

async function neededValue(
  services: DeliveryServices,
  desired: DesiredState,
  dependency: DependencyDefinition,
): Promise<string | undefined> {
  if (desired.authorised === undefined) return undefined;
  const repository = await services.openRepository(desired.repository);
  const rendered = await renderEnvironment(
    services.renderer,
    treeAt(repository, desired.authorised.revision),
    desired.definition,
  );
  const values = parseObjects(rendered.text).map(
    (object) => object.metadata.annotations?.[dependency.equalsAnnotation],
  );
  return values.find((value) => value !== undefined);
}

/** The value at a dotted path of a JSON text; absent when the text is no JSON or has no such scalar. */
function fieldOf(body: string, path: string): string | undefined {
  try {
    let value: unknown = JSON.parse(body);
    for (const part of path.split('.')) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
      value = (value as Readonly<Record<string, unknown>>)[part];
    }
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  } catch {
    return undefined;
  }
}
