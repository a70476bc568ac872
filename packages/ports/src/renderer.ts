import type { Cancellable } from './git.ts';

/** A file of a materialised closure. */
export interface ClosureFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly content: Uint8Array;
}

export interface Renderer {
  /** Name and version of the program: part of every closure key and render digest. */
  readonly version: string;
  /**
   * Renders a kustomization over exactly these files, without network, exec plugins or files outside.
   *
   * @param path - folder of the kustomization.
   * @returns the YAML stream, byte for byte as the program printed it.
   * @throws RenderError `RENDER_FAILED` with the program's message, `RENDER_TIMEOUT`, `RENDER_TOO_LARGE`.
   */
  render(files: readonly ClosureFile[], path: string, options?: Cancellable): Promise<string>;
}
