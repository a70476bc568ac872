import { lazy, Suspense } from 'react';
import { QueryView } from '../frame/query-view.tsx';
import { Card } from '../mark/card.tsx';
import { usePendingDiff } from '../server/queries.ts';

const DiffView = lazy(async () => ({ default: (await import('../diff/diff-view.tsx')).DiffView }));

interface PendingDiffProps {
  readonly application: string;
  readonly environment: string;
}

/** What the pending render would change in the environment. */
export function PendingDiff({ application, environment }: PendingDiffProps) {
  const query = usePendingDiff(application, environment);
  return (
    <Card title={`What would change in ${environment}`}>
      <QueryView query={query} what="the rendered diff" shapes={[120]}>
        {({ diff }) => (
          <Suspense fallback={undefined}>
            <DiffView diff={diff} label={`Rendered diff of ${environment}`} />
          </Suspense>
        )}
      </QueryView>
    </Card>
  );
}
