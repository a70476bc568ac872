export { ServerError, serverErrors } from './server-error.ts';
export { createServer } from './create-server.ts';
export {
  findPrincipal,
  mintToken,
  revokeToken,
  type MintedToken,
  type Principal,
  type TokenRequest,
} from './access/tokens.ts';
export { holdsRight, holdsScope, type Right } from './access/rights.ts';
export { readCredential } from './access/credentials.ts';
export type { RawHandler, ServerServices, SetImageRequest } from './server-services.ts';
