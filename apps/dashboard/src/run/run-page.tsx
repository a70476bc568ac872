import type { RunView } from '@slipway/api';
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { Page } from '../frame/page.tsx';
import { Empty, QueryView } from '../frame/query-view.tsx';
import { Card } from '../mark/card.tsx';
import { Copyable } from '../mark/copyable.tsx';
import { Elapsed, Moment } from '../mark/moment.tsx';
import { runStatus } from '../mark/status.ts';
import { StatusBadge } from '../mark/status-badge.tsx';
import { useRun } from '../server/queries.ts';
import { useServer } from '../server/server-context.ts';
import { describeTrigger, stageToShow } from './run-words.ts';
import { StageDag } from './stage-dag.tsx';
import { StagePanel } from './stage-panel.tsx';
import { Refusal } from '../mark/refusal.tsx';

const route = getRouteApi('/runs/$run');

/** One run: its stages as a graph, and the chosen one in full. */
export function RunPage() {
  const { run } = route.useParams();
  const query = useRun(run);
  return (
    <Page
      title={titleOf(query.data)}
      below={query.data === undefined ? undefined : <About run={query.data} />}
      actions={query.data === undefined ? undefined : <Actions run={query.data} />}
    >
      <QueryView
        query={query}
        what="the run"
        shapes={[160, 420]}
        empty={{ isEmpty: ({ stages }) => stages.length === 0, view: <NoStages /> }}
      >
        {(view) => <Stages run={view} />}
      </QueryView>
    </Page>
  );
}

function titleOf(run: RunView | undefined): string {
  if (run === undefined) return 'Run';
  return run.subject === '' ? run.id : run.subject;
}

function NoStages() {
  return (
    <Empty icon="play" title="This run has no stage">
      Write stages under <code>stages</code> in the pipeline file, or remove it: then the project is detected.
    </Empty>
  );
}

function About({ run }: { readonly run: RunView }) {
  const { trigger } = run;
  return (
    <>
      <StatusBadge status={runStatus(run)} />
      <span>
        {run.repository} · {run.pipeline}
      </span>
      {trigger.kind === 'pull-request' && trigger.number !== undefined ? (
        <Link
          to="/pull-requests/$repository/$number"
          params={{ repository: run.repository, number: `${trigger.number}` }}
        >
          {describeTrigger(run)}
        </Link>
      ) : (
        <span>{describeTrigger(run)}</span>
      )}
      <span>{run.author.name}</span>
      <Copyable text={run.commit} what="commit" length={10} />
      {run.trust === 'untrusted' ? <span>untrusted: no secrets</span> : undefined}
      <span>
        <Moment at={run.createdAt} />, <Elapsed startedAt={run.createdAt} durationMs={run.durationMs} />
      </span>
      <Link to="/changes/$change" params={{ change: run.change }}>
        Trail of the change
      </Link>
    </>
  );
}

function Actions({ run }: { readonly run: RunView }) {
  const { http } = useServer();
  const queries = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (verb: 'cancel' | 'retry') => http.send<RunView>(`/api/v1/runs/${encodeURIComponent(run.id)}/${verb}`),
    onSuccess: (view) => {
      queries.setQueryData(['run', run.id], view);
      void queries.invalidateQueries({ queryKey: ['runs'] });
    },
  });
  return (
    <>
      <Refusal error={error} />
      {run.phase === 'finished' ? (
        <Button variant="default" loading={isPending} onClick={() => mutate('retry')}>
          Retry
        </Button>
      ) : (
        <Button variant="light" color="red" loading={isPending} onClick={() => mutate('cancel')}>
          Cancel
        </Button>
      )}
    </>
  );
}

function Stages({ run }: { readonly run: RunView }) {
  const { stage: chosen } = route.useSearch();
  const navigate = route.useNavigate();
  const stage = run.stages.find(({ name }) => name === chosen) ?? stageToShow(run.stages);
  return (
    <>
      <Card label="Stages">
        <StageDag
          stages={run.stages}
          selected={stage?.name}
          onSelect={(name) => void navigate({ search: { stage: name }, replace: true, resetScroll: false })}
        />
      </Card>
      {stage === undefined ? undefined : <StagePanel key={stage.name} run={run.id} stage={stage} />}
    </>
  );
}
