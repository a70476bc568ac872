import type { ReleaseView } from '@slipway/api';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Page } from '../frame/page.tsx';
import { Empty, QueryView } from '../frame/query-view.tsx';
import { Card } from '../mark/card.tsx';
import { type RollbackChoice, useReleases } from '../server/queries.ts';
import { PartChoice } from './part-choice.tsx';
import { ReleaseChoice } from './release-choice.tsx';
import css from './rollback.module.css';
import { RollbackPreview } from './rollback-preview.tsx';

const route = getRouteApi('/environments/$application/$environment/rollback');

/** Goes back to what ran in an environment before: what, how much of it, what would come of it, and why. */
export function RollbackPage() {
  const { application, environment } = route.useParams();
  const { to, part } = route.useSearch();
  const choice = { application, environment, part: part ?? 'both', ...(to === undefined ? {} : { to }) } as const;
  return (
    <Page
      title={`Roll ${environment} back`}
      below={
        <Link to="/environments/$application" params={{ application }}>
          {application}
        </Link>
      }
    >
      <QueryView
        query={useReleases(application, environment)}
        what="what ran there"
        shapes={[240, 120]}
        empty={{ isEmpty: (releases) => releases.length === 0, view: <NothingRan environment={environment} /> }}
      >
        {(releases) => <Choices releases={releases} choice={choice} />}
      </QueryView>
    </Page>
  );
}

interface ChoicesProps {
  readonly releases: readonly ReleaseView[];
  readonly choice: RollbackChoice;
}

/** The choice stands in the address: it can be sent to somebody. */
function Choices({ releases, choice }: ChoicesProps) {
  const navigate = route.useNavigate();
  const { to, part } = choice;
  const choose = (next: Pick<RollbackChoice, 'part'> & { readonly to?: string | undefined }) =>
    void navigate({
      search: {
        ...(next.to === undefined ? {} : { to: next.to }),
        ...(next.part === 'both' ? {} : { part: next.part }),
      },
      replace: true,
      resetScroll: false,
    });
  return (
    <div className={css['columns']}>
      <div className={css['choices']}>
        <Card title={`What ran in ${choice.environment}`}>
          <ReleaseChoice
            environment={choice.environment}
            releases={releases}
            chosen={to}
            onChoose={(chosen) => choose({ to: chosen, part })}
          />
        </Card>
        <Card title="How much of it">
          <PartChoice chosen={part} onChoose={(chosen) => choose({ to, part: chosen })} />
        </Card>
      </div>
      <RollbackPreview choice={choice} />
    </div>
  );
}

function NothingRan({ environment }: { readonly environment: string }) {
  return (
    <Empty icon="back" title={`Nothing has run in ${environment} yet`}>
      There is nothing to go back to: it is listed here once it has been deployed.
    </Empty>
  );
}
