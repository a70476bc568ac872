export { HostError, hostErrors } from './host-error.ts';
export { joinInside } from './join-inside.ts';
export { runProgram, type ProgramOptions, type ProgramResult } from './run-program.ts';
export { socketFolder } from './socket-folder.ts';
export { writeAtomically } from './write-atomically.ts';
export { identifyProcess, isAlive, signalProcess, type ProcessIdentity } from './process-identity.ts';
export { unprivilegedUser, type UnprivilegedUser } from './unprivileged.ts';
export { createContentStore } from './content-store.ts';
export { createLogStore } from './log-store.ts';
