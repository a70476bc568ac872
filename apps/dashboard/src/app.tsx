import { MantineProvider } from '@mantine/core';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useState } from 'react';
import { theme } from './look/theme.ts';
import { createDashboardRouter, type DashboardRouter } from './router.tsx';
import { DashboardError, isUnauthenticated } from './server/dashboard-error.ts';
import { type Server, ServerProvider } from './server/server-context.ts';

/** Retried by itself only where that may help; a refusal is shown at once. */
const retries = 2;

function createQueries(): QueryClient {
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        // The session has ended: asking who we are leads to the login page.
        if (isUnauthenticated(error) && query.queryKey[0] !== 'me') void queries.resetQueries({ queryKey: ['me'] });
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (count, error) => count < retries && error instanceof DashboardError && error.retry !== 'never',
        retryDelay: (count) => 400 * 2 ** count,
      },
    },
  });
  return queries;
}

interface AppProps {
  readonly server: Server;
  readonly router?: DashboardRouter;
}

/** The whole dashboard. Nothing is written as an inline style element: see `look/theme.ts`. */
export function App({ server, router }: AppProps) {
  const [queries] = useState(createQueries);
  const [ownRouter] = useState(() => router ?? createDashboardRouter());
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queries}>
        <ServerProvider value={server}>
          <RouterProvider router={ownRouter} />
        </ServerProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
