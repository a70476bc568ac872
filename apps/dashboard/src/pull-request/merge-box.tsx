import type { PullRequestView } from '@slipway/api';
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Card } from '../mark/card.tsx';
import { Copyable } from '../mark/copyable.tsx';
import { UnmetGates } from '../mark/unmet-gates.tsx';
import { pullRequestPath } from '../server/queries.ts';
import { useServer } from '../server/server-context.ts';
import css from './pull-request.module.css';
import { Refusal } from '../mark/refusal.tsx';

/** Merges when the server allows it; every gate that is not met is listed. */
export function MergeBox({ view }: { readonly view: PullRequestView }) {
  const { http } = useServer();
  const queries = useQueryClient();
  const { canMerge, repository, number } = view;
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => http.send<PullRequestView>(`${pullRequestPath(repository, number)}/merge`),
    onSuccess: (next) => queries.setQueryData(['pull-request', repository, number], next),
    onSettled: () => queries.invalidateQueries({ queryKey: ['pull-requests'] }),
  });
  if (view.state !== 'open') return <Outcome view={view} />;
  return (
    <Card title="Merge">
      <div className={css['merge']}>
        {canMerge.isAllowed ? (
          <p className={css['soft']}>Every gate is met.</p>
        ) : (
          <UnmetGates gates={canMerge.unmet} label="Why it cannot be merged" />
        )}
        <Refusal error={error} />
        <Button
          fullWidth
          variant={canMerge.isAllowed ? 'filled' : 'default'}
          disabled={!canMerge.isAllowed}
          loading={isPending}
          onClick={() => mutate()}
        >
          Merge into {view.target}
        </Button>
      </div>
    </Card>
  );
}

function Outcome({ view }: { readonly view: PullRequestView }) {
  if (view.state === 'closed') {
    return (
      <Card title="Closed">
        <p className={css['soft']}>It was closed without merging.</p>
      </Card>
    );
  }
  return (
    <Card title="Merged">
      <p className={css['soft']}>
        {view.mergedBy === undefined ? undefined : <>by {view.mergedBy} </>}
        {view.mergedCommit === undefined ? undefined : (
          <>
            as <Copyable text={view.mergedCommit} what="merge commit" length={10} />
          </>
        )}
      </p>
    </Card>
  );
}
