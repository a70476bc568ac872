import { createContext, use } from 'react';
import type { EventStream } from '../live/live-connection.ts';
import type { Http } from './http.ts';

/** The outside of the dashboard; tests pass their own. */
export interface Server {
  readonly http: Http;
  readonly openEvents: (path: string) => EventStream;
}

const ServerContext = createContext<Server | undefined>(undefined);

/** Gives every view below the server it asks. */
export const ServerProvider = ServerContext.Provider;

/** @throws Error outside of {@link ServerProvider}: a fault of ours. */
export function useServer(): Server {
  const server = use(ServerContext);
  if (server === undefined) throw new Error('A view stands outside of ServerProvider');
  return server;
}
