import type { PullRequestView } from '@slipway/api';
import { Button, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { pullRequestPath } from '../server/queries.ts';
import { useServer } from '../server/server-context.ts';
import css from './pull-request.module.css';
import { Refusal } from '../mark/refusal.tsx';

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
      <Refusal error={error} />
      <Verdicts
        view={view}
        isSilent={body.trim() === ''}
        sending={isPending ? variables : undefined}
        onVerdict={mutate}
      />
      {view.canApprove.isAllowed ? undefined : (
        <p className={css['soft']}>You cannot approve it: {view.canApprove.reason ?? 'the server does not allow it'}</p>
      )}
    </form>
  );
}

interface VerdictsProps {
  readonly view: PullRequestView;
  /** Nothing is written: only an approval may go without words. */
  readonly isSilent: boolean;
  readonly sending: Verdict | undefined;
  readonly onVerdict: (verdict: Verdict) => void;
}

function Verdicts({ view, isSilent, sending, onVerdict }: VerdictsProps) {
  const choices = [
    { verdict: 'approved', text: 'Approve', isOff: !view.canApprove.isAllowed },
    { verdict: 'changes-requested', text: 'Request changes', isOff: isSilent },
    { verdict: 'commented', text: 'Comment', isOff: isSilent },
  ] as const;
  return (
    <div className={css['buttons']}>
      {choices.map(({ verdict, text, isOff }) => (
        <Button
          key={verdict}
          variant={verdict === 'approved' ? 'filled' : 'default'}
          disabled={isOff}
          loading={sending === verdict}
          onClick={() => onVerdict(verdict)}
        >
          {text}
        </Button>
      ))}
    </div>
  );
}
