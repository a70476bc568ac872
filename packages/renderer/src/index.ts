export { createKubectlRenderer, type KubectlRenderer, type KubectlRendererOptions } from './kubectl-renderer.ts';
export { renderIsolations, type RenderIsolation } from './launcher.ts';
export { RenderError, renderErrors } from './render-error.ts';
