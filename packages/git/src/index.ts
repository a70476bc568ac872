export { GitError, gitErrors } from './git-error.ts';
export { createGitHost } from './git-host.ts';
