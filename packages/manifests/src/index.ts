export { ManifestError, manifestErrors, type FilePosition } from './manifest-error.ts';
export { setImages } from './set-images.ts';
export { setImageInManifest, type ImageEdit } from './set-image-in-manifest.ts';
export { setScalar, type ScalarEdit, type YamlPath } from './set-scalar.ts';
export type { Edit } from './splice.ts';
export {
  appConfigFolder,
  appConfigPinFile,
  appConfigPinPath,
  parseAppConfigPin,
  printAppConfigPin,
} from './app-config-pin.ts';
export { authorisedFile, parseAuthorised, printAuthorised, type Authorised } from './authorised.ts';
export {
  closureKey,
  closureLimits,
  renderDigest,
  sharedInputsDigest,
  type Closure,
  type ClosureEntry,
  type ClosureReader,
  type EntryMode,
  type IdentifiedEntry,
} from './closure.ts';
export { kustomizationFiles, resolveClosure } from './resolve-closure.ts';
export { readClosure, type ClosureContent } from './read-closure.ts';
export { parseObjects } from './parse-objects.ts';
export { objectKey, printKey } from './object-key.ts';
export { kindOrder, pruneOrder } from './kind-order.ts';
export { imagesOf } from './images-of.ts';
export { diffObjects, diffRenders } from './diff-objects.ts';
export { compareLines, unifiedHunks, type DiffLine } from './line-diff.ts';
export { maskSecrets } from './mask-secrets.ts';
export { planPrune, type PruneFacts, type PrunePlan } from './plan-prune.ts';
export { assessHealth, healthStatuses, type Health, type HealthOptions, type HealthStatus } from './assess-health.ts';
export {
  readEnvironmentClosure,
  releaseIdOf,
  renderEnvironment,
  treeAt,
  type ClosureRenderer,
  type RenderedEnvironment,
  type SourceTree,
  type TreeFile,
} from './render-environment.ts';
