/** What a folder of app config may hold: no more than a ConfigMap does (Kubernetes, "ConfigMap": 1 MiB), and more files than anybody needs. */
export const appConfigLimits = { bytes: 1_048_576, files: 500 } as const;

/**
 * Why files of an app-config folder cannot be copied elsewhere, absent when they can: too many, links, submodules, and names
 * that mean something to Git or a terminal.
 *
 * @param files - paths from the folder, with Git's mode.
 * @param at - the folder, for people.
 */
export function findCopyFault(
  files: readonly { readonly path: string; readonly mode: string }[],
  at: string,
): string | undefined {
  if (files.length > appConfigLimits.files)
    return `${at} has ${files.length} files; ${appConfigLimits.files} are allowed`;
  for (const { path, mode } of files) {
    if (mode === '120000') return `${at}/${path} is a link`;
    if (mode !== '100644' && mode !== '100755') return `${at}/${path} is a submodule`;
    if (path.split('/').some((part) => /^(?:|\.{1,2}|\.git)$/i.test(part)) || /[\\\p{Cc}]/u.test(path))
      return `${JSON.stringify(`${at}/${path}`)} is no name for a file that is copied`;
  }
  return undefined;
}
