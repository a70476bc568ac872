import type { YamlPath } from './set-scalar.ts';

/** One path that a kustomization names, and where it names it. */
export interface Reference {
  readonly path: string;
  readonly at: YamlPath;
  /** `root`: a file of objects or a folder with a kustomization; `file`: a file; `plugin`: configuration of a transformer or generator. */
  readonly kind: 'root' | 'file' | 'plugin';
  /** May be YAML in place of a path. */
  readonly mayBeInline: boolean;
}

/** What a kustomization refers to. */
export interface References {
  readonly references: readonly Reference[];
  /** Top-level fields that this version does not know. */
  readonly unknown: readonly string[];
  /** Top-level fields whose inputs are not supported yet. */
  readonly unsupported: readonly string[];
}

type Finder = (value: unknown, at: YamlPath) => readonly Reference[];

const nothing: Finder = () => [];
const roots: Finder = (value, at) => strings(value, at, { kind: 'root', mayBeInline: false });
const files: Finder = (value, at) => strings(value, at, { kind: 'file', mayBeInline: false });
const filesOrInline: Finder = (value, at) => strings(value, at, { kind: 'file', mayBeInline: true });
const plugins: Finder = (value, at) => strings(value, at, { kind: 'plugin', mayBeInline: true });
const paths: Finder = (value, at) => items(value).flatMap((item, i) => pathField(item, [...at, i]));

/** Every field of kustomize 5.7 and where its files are named (api/types/kustomization.go). */
const finders: Readonly<Record<string, Finder>> = {
  apiVersion: nothing,
  kind: nothing,
  metadata: nothing,
  namePrefix: nothing,
  nameSuffix: nothing,
  namespace: nothing,
  commonLabels: nothing,
  labels: nothing,
  commonAnnotations: nothing,
  images: nothing,
  replicas: nothing,
  vars: nothing,
  generatorOptions: nothing,
  sortOptions: nothing,
  buildMetadata: nothing,
  resources: roots,
  bases: roots,
  components: roots,
  crds: files,
  configurations: files,
  patchesStrategicMerge: filesOrInline,
  patches: paths,
  patchesJson6902: paths,
  replacements: paths,
  openapi: (value, at) => pathField(value, at),
  configMapGenerator: generators,
  secretGenerator: generators,
  transformers: plugins,
  generators: plugins,
  validators: plugins,
};

const unsupportedFields: readonly string[] = ['helmCharts', 'helmChartInflationGenerator', 'helmGlobals'];

/** Finds what a kustomization's plain data refers to; values of the wrong shape are kustomize's to refuse. */
export function referencesOf(kustomization: Readonly<Record<string, unknown>>): References {
  const fields = Object.keys(kustomization);
  return {
    references: fields.flatMap((field) => finderOf(field)?.(kustomization[field], [field]) ?? []),
    unknown: fields.filter((field) => finderOf(field) === undefined && !unsupportedFields.includes(field)),
    unsupported: fields.filter((field) => unsupportedFields.includes(field)),
  };
}

function finderOf(field: string): Finder | undefined {
  return Object.hasOwn(finders, field) ? finders[field] : undefined;
}

function generators(value: unknown, at: YamlPath): readonly Reference[] {
  return items(value).flatMap((item, i) => {
    if (!isRecord(item)) return [];
    const sources = strings(item['files'], [...at, i, 'files'], { kind: 'file', mayBeInline: false });
    return [
      ...sources.map((source) => ({ ...source, path: withoutKey(source.path) })),
      ...strings(item['envs'], [...at, i, 'envs'], { kind: 'file', mayBeInline: false }),
      ...strings([item['env']], [...at, i, 'env'], { kind: 'file', mayBeInline: false }),
    ];
  });
}

/** `key=path` names the key in the ConfigMap first. */
function withoutKey(source: string): string {
  return source.slice(source.indexOf('=') + 1);
}

function pathField(value: unknown, at: YamlPath): readonly Reference[] {
  if (!isRecord(value)) return [];
  return strings([value['path']], [...at, 'path'], { kind: 'file', mayBeInline: false });
}

function strings(value: unknown, at: YamlPath, form: Pick<Reference, 'kind' | 'mayBeInline'>): readonly Reference[] {
  return items(value).flatMap((item, i) =>
    typeof item === 'string' && item !== ''
      ? [{ path: item, at: Array.isArray(value) ? [...at, i] : at, ...form }]
      : [],
  );
}

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A mapping of plain data. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
