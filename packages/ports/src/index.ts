export type * from './git.ts';
export type * from './registry.ts';
export { isolations } from './executor.ts';
export type * from './executor.ts';
export type * from './target.ts';
export type * from './renderer.ts';
export type * from './store.ts';
