import type { ImageStore } from '../images/image-store.ts';
import type { Machine } from './machine.ts';
import type { ServiceEndpoint } from './pod-environment.ts';
import type { PodFolders } from './pod-record.ts';

/** What a pod needs of the runtime around it. */
export interface PodSurroundings {
  readonly machine: Machine;
  readonly images: ImageStore;
  readonly folders: PodFolders;
  readonly socketDir: string;
  readonly logsDir: string;
  readonly services: (namespace: string) => readonly ServiceEndpoint[];
  readonly configMaps: (namespace: string) => ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly secrets: (namespace: string) => ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Something about a pod has changed. */
  readonly changed: () => void;
  /** The runtime lets go of its pods; they live on. */
  readonly signal: AbortSignal;
}
