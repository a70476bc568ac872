import type { PullRequestView } from '@slipway/api';
import { Button, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { DiffView } from '../diff/diff-view.tsx';
import { Moment } from '../mark/moment.tsx';
import { pullRequestPath } from '../server/queries.ts';
import { useServer } from '../server/server-context.ts';
import css from './pull-request.module.css';
import { Refusal } from '../mark/refusal.tsx';

interface Place {
  readonly path: string;
  readonly line: number;
}

/** The merge result against the target, with what was said about its lines; a press on a line number says more. */
export function CodeDiff({ view }: { readonly view: PullRequestView }) {
  const [place, setPlace] = useState<Place>();
  const said = view.comments.map((comment, index) => ({
    path: comment.path,
    line: comment.line,
    key: `${index}`,
    view: (
      <div className={css['remark']}>
        <span>
          <b>{comment.account}</b> <Moment at={comment.createdAt} />
        </span>
        <p>{comment.body}</p>
      </div>
    ),
  }));
  const asked =
    place === undefined
      ? []
      : [{ ...place, key: 'new', view: <CommentForm view={view} place={place} onDone={() => setPlace(undefined)} /> }];
  return (
    <DiffView
      diff={view.diff}
      label="Changes"
      remarks={[...said, ...asked]}
      {...(view.state === 'open' ? { onLine: (path: string, line: number) => setPlace({ path, line }) } : {})}
    />
  );
}

interface CommentFormProps {
  readonly view: PullRequestView;
  readonly place: Place;
  readonly onDone: () => void;
}

function CommentForm({ view, place, onDone }: CommentFormProps) {
  const { http } = useServer();
  const queries = useQueryClient();
  const [body, setBody] = useState('');
  const { mutate, isPending, error } = useMutation({
    mutationFn: () =>
      http.send<PullRequestView>(`${pullRequestPath(view.repository, view.number)}/comments`, { ...place, body }),
    onSuccess: (next) => {
      queries.setQueryData(['pull-request', view.repository, view.number], next);
      onDone();
    },
  });
  return (
    <form
      className={css['remark']}
      onSubmit={(event) => {
        event.preventDefault();
        mutate();
      }}
    >
      <Textarea
        label={`Comment on line ${place.line}`}
        value={body}
        onChange={(event) => setBody(event.currentTarget.value)}
        minRows={2}
        maxLength={20_000}
        autoFocus
      />
      <Refusal error={error} />
      <div className={css['buttons']}>
        <Button type="submit" loading={isPending} disabled={body.trim() === ''}>
          Comment
        </Button>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
