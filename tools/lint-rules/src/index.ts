export { loggerStaticMessage } from './logger-static-message.ts';
export { noProcessEnv } from './no-process-env.ts';
export { noSetInterval } from './no-set-interval.ts';
export { noShell } from './no-shell.ts';
