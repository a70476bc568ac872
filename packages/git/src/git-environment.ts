import path from 'node:path';

/** Settings for one run; later ones win. */
export type GitConfig = readonly (readonly [key: string, value: string])[];

/** What every run of ours is told, whatever the repository's own config says. */
const fixedConfig: GitConfig = [
  ['core.hooksPath', '/dev/null'],
  ['core.attributesFile', '/dev/null'],
  ['core.quotePath', 'false'],
  // An object or a ref that we report as written survives a power cut; loose objects share one flush.
  ['core.fsync', 'objects,derived-metadata,reference'],
  ['core.fsyncMethod', 'batch'],
  ['core.filesRefLockTimeout', '5000'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['credential.helper', ''],
  ['http.followRedirects', 'false'],
  ['http.emptyAuth', 'false'],
  ['protocol.allow', 'never'],
  ['protocol.http.allow', 'always'],
  ['protocol.https.allow', 'always'],
  ['protocol.file.allow', 'always'],
  ['protocol.ext.allow', 'never'],
  ['transfer.fsckObjects', 'true'],
  ['submodule.recurse', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  ['tar.umask', '0022'],
];

/** The whole environment of a Git that listens to nobody's settings but ours and asks nobody for a password. */
export function gitEnvironment(config: GitConfig = []): Record<string, string> {
  return {
    LC_ALL: 'C',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_COMMITTER_NAME: 'Slipway',
    GIT_COMMITTER_EMAIL: 'slipway@localhost',
    ...configEnvironment([...fixedConfig, ...config]),
  };
}

/** As `git -c`, but not in the arguments, which every user of the machine can read. */
export function configEnvironment(config: GitConfig): Record<string, string> {
  const environment: Record<string, string> = { GIT_CONFIG_COUNT: String(config.length) };
  for (const [index, [key, value]] of config.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}

/** Lets Git see the objects of a push that is not accepted yet; with it set, Git itself refuses to move a ref. */
export function quarantineEnvironment(gitDir: string, quarantine: string): Record<string, string> {
  // The list is split at colons; a quoted entry is not (git(1), GIT_ALTERNATE_OBJECT_DIRECTORIES).
  const objects = path.join(gitDir, 'objects').replace(/["\\]/g, '\\$&');
  return {
    GIT_OBJECT_DIRECTORY: quarantine,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: `"${objects}"`,
    GIT_QUARANTINE_PATH: quarantine,
  };
}
