import type { PullRequestView } from '@slipway/api';
import { Button, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Note } from '../mark/note.tsx';
import { problemOf } from '../server/dashboard-error.ts';
import { pullRequestPath } from '../server/queries.ts';
import { useServer } from '../server/server-context.ts';
import css from './pull-request.module.css';

type Verdict = PullRequestView['reviews'][number]['verdict'];

/** Says yes, no, or something, about the head that is on the screen: if it has moved, the server refuses. */
export function ReviewForm({ view }: { readonly view: PullRequestView }) {
  const { http } = useServer();
  const queries = useQueryClient();
  const [body, setBody] = useState('');
  const { mutate, isPending, error, variables } = useMutation({
    mutationFn: (verdict: Verdict) =>
      http.send<PullRequestView>(`${pullRequestPath(view.repository, view.number)}/reviews`, {
        verdict,
        head: view.head,
        ...(body.trim() === '' ? {} : { body }),
      }),
    onSuccess: (next) => {
      setBody('');
      queries.setQueryData(['pull-request', view.repository, view.number], next);
    },
  });
  const isSilent = body.trim() === '';
  return (
    <form className={css['form']} onSubmit={(event) => event.preventDefault()} aria-label="Your review">
      <Textarea
        label="Your review"
        description={`of head ${view.head.slice(0, 10)}`}
        value={body}
        onChange={(event) => setBody(event.currentTarget.value)}
        rows={3}
        maxLength={20_000}
      />
      {error === null ? undefined : (
        <Note tone="bad" icon="warn" role="alert">
          {problemOf(error).message}
        </Note>
      )}
      <div className={css['buttons']}>
        <Button
          disabled={!view.canApprove.isAllowed}
          loading={isPending && variables === 'approved'}
          onClick={() => mutate('approved')}
        >
          Approve
        </Button>
        <Button
          variant="default"
          disabled={isSilent}
          loading={isPending && variables === 'changes-requested'}
          onClick={() => mutate('changes-requested')}
        >
          Request changes
        </Button>
        <Button
          variant="default"
          disabled={isSilent}
          loading={isPending && variables === 'commented'}
          onClick={() => mutate('commented')}
        >
          Comment
        </Button>
      </div>
      {view.canApprove.isAllowed ? undefined : (
        <p className={css['soft']}>You cannot approve it: {view.canApprove.reason ?? 'the server does not allow it'}</p>
      )}
    </form>
  );
}
