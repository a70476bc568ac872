import { isFields } from '../objects/field-reader.ts';

/** The parts of an OCI image configuration that running needs (image-spec, config.md). */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** `NAME=value` each. */
  readonly env: readonly string[];
  /** Absolute path in the image. */
  readonly workingDir: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Digests of the unpacked layers, in order. */
  readonly diffIds: readonly string[];
}

/** Reads the configuration; what is missing is empty, what is of a wrong type counts as missing. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const document: unknown = JSON.parse(Buffer.from(bytes).toString());
  const root = isFields(document) ? document : {};
  const config = isFields(root['config']) ? root['config'] : {};
  const rootfs = isFields(root['rootfs']) ? root['rootfs'] : {};
  const labels = isFields(config['Labels']) ? config['Labels'] : {};
  const workingDir = config['WorkingDir'];
  return {
    entrypoint: texts(config['Entrypoint']),
    cmd: texts(config['Cmd']),
    env: texts(config['Env']),
    workingDir: typeof workingDir === 'string' && workingDir.startsWith('/') ? workingDir : '/',
    labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)])),
    diffIds: texts(rootfs['diff_ids']),
  };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
