import type { Name } from '@slipway/domain';
import type {
  ArtifactRegistry,
  BuiltImage,
  ContentStore,
  GitRepository,
  ImageBuilder,
  LogStore,
  ManifestUpdates,
  MetricsStore,
  StageExecutor,
  Store,
} from '@slipway/ports';
import type { Digest } from '@slipway/domain';

/** npm's configuration, a declared input of every stage that may reach the package registry. */
export interface PackageRegistrySettings {
  /** `host:port` that the word `npm` in a stage's network stands for. */
  readonly host: string;
  /** Variables such as `npm_config_registry`; never a credential. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Tars of package managers' download caches, apart by repository and trust level (ci.md A2). */
export interface DependencyCache {
  /** Path of the kept tar; absent when there is none yet. */
  find(key: string): Promise<string | undefined>;
  /** Replaces what is kept. The file is taken over. */
  keep(key: string, file: string): Promise<void>;
}

/** Pushes a kept image layout; the same layout and tag again change nothing. */
export type PublishImage = (request: {
  readonly layoutDir: string;
  readonly name: string;
  readonly tags: readonly string[];
}) => Promise<Digest>;

/** Everything the use cases of this package reach outside with; composed in the program. */
export interface PipelineServices {
  readonly store: Store;
  readonly metrics: MetricsStore;
  readonly content: ContentStore;
  readonly logs: LogStore;
  readonly executor: StageExecutor;
  readonly builder: ImageBuilder;
  readonly registry: ArtifactRegistry;
  readonly publishImage: PublishImage;
  readonly manifests: ManifestUpdates;
  readonly dependencies: DependencyCache;
  readonly packages: PackageRegistrySettings;
  readonly openRepository: (name: Name) => Promise<GitRepository>;
  readonly now: () => string;
  /** Written into provenance: this installation, and whether stages shared the signer's uid. */
  readonly builderId: string;
  /** Versions of the tools that stages find: part of every stage key. */
  readonly toolchain: string;
  readonly checkpoint: Checkpoint;
}

/** A named place where a crash test may end the process; does nothing otherwise. */
export type Checkpoint = (name: string) => Promise<void>;

/** Kept beside a built image so that a later stage finds it. */
export type KeptImage = Pick<BuiltImage, 'manifest' | 'platform'> & { readonly name: string };
