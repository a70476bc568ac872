import type { PullRequestView } from '@slipway/api';
import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Card } from '../mark/card.tsx';
import { Refusal } from '../mark/refusal.tsx';
import { useRepositories } from '../server/queries.ts';
import { useServer } from '../server/server-context.ts';
import css from './pull-request.module.css';

interface Draft {
  readonly repository: string;
  readonly source: string;
  readonly title: string;
  readonly body: string;
}

/** Opens a pull request of a pushed branch into the repository's default branch. */
export function OpenForm({ onCancel }: { readonly onCancel: () => void }) {
  const repositories = useRepositories().data ?? [];
  const [draft, setDraft] = useState<Draft>({ repository: '', source: '', title: '', body: '' });
  const repository = draft.repository === '' ? (repositories[0]?.name ?? '') : draft.repository;
  const { mutate, isPending, error } = useOpen({ ...draft, repository });
  const set = (part: Partial<Draft>) => setDraft((now) => ({ ...now, ...part }));
  return (
    <Card title="Open a pull request">
      <form
        className={css['form']}
        onSubmit={(event) => {
          event.preventDefault();
          mutate();
        }}
      >
        <div className={css['fields']}>
          <NativeSelect
            label="Repository"
            value={repository}
            data={repositories.map(({ name }) => name)}
            onChange={(event) => set({ repository: event.currentTarget.value })}
          />
          <TextInput
            label="Branch"
            value={draft.source}
            maxLength={250}
            onChange={(event) => set({ source: event.currentTarget.value })}
          />
        </div>
        <TextInput
          label="Title"
          value={draft.title}
          maxLength={300}
          onChange={(event) => set({ title: event.currentTarget.value })}
        />
        <Textarea
          label="What it does and why"
          value={draft.body}
          rows={4}
          maxLength={20_000}
          onChange={(event) => set({ body: event.currentTarget.value })}
        />
        <Refusal error={error} />
        <div className={css['buttons']}>
          <Button
            type="submit"
            loading={isPending}
            disabled={repository === '' || isBlank(draft.source) || isBlank(draft.title)}
          >
            Open
          </Button>
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        </div>
      </form>
    </Card>
  );
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

function useOpen({ repository, source, title, body }: Draft) {
  const { http } = useServer();
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () =>
      http.send<PullRequestView>(`/api/v1/repositories/${encodeURIComponent(repository)}/pull-requests`, {
        title: title.trim(),
        source: source.trim(),
        ...(body.trim() === '' ? {} : { body }),
      }),
    onSuccess: async (view) => {
      queries.setQueryData(['pull-request', view.repository, view.number], view);
      void queries.invalidateQueries({ queryKey: ['pull-requests'] });
      await navigate({
        to: '/pull-requests/$repository/$number',
        params: { repository: view.repository, number: `${view.number}` },
      });
    },
  });
}
