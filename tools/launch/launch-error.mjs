/** What a person has to do before the task can run. Shown without a stack. */
export class LaunchError extends Error {
  name = 'LaunchError';
}
