import type { FreezeView } from '@slipway/api';
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Card } from '../mark/card.tsx';
import { Refusal } from '../mark/refusal.tsx';
import { useApplications } from '../server/queries.ts';
import { useServer } from '../server/server-context.ts';
import css from './freeze.module.css';

const everyApplication = 'Every application';

interface Draft {
  readonly application: string;
  readonly environment: string;
  /** As a browser writes it, in the reader's time zone; `from` empty: now. */
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

const blank: Draft = { application: everyApplication, environment: '', from: '', to: '', reason: '' };

/** Freezes environments for a time. */
export function FreezeForm({ onDone }: { readonly onDone: () => void }) {
  const [draft, setDraft] = useState(blank);
  const { mutate, isPending, error } = useFreeze(draft, onDone);
  const set = (part: Partial<Draft>) => setDraft((now) => ({ ...now, ...part }));
  return (
    <Card title="Freeze environments">
      <form
        className={css['form']}
        onSubmit={(event) => {
          event.preventDefault();
          mutate();
        }}
      >
        <Fields draft={draft} onChange={set} />
        <Refusal error={error} />
        <div className={css['buttons']}>
          <Button type="submit" loading={isPending} disabled={draft.to === '' || draft.reason.trim() === ''}>
            Freeze
          </Button>
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
        </div>
      </form>
    </Card>
  );
}

interface FieldsProps {
  readonly draft: Draft;
  readonly onChange: (part: Partial<Draft>) => void;
}

function Fields({ draft, onChange }: FieldsProps) {
  const applications = useApplications().data ?? [];
  const text = (field: Exclude<keyof Draft, 'application'>) => ({
    value: draft[field],
    onChange: (event: { readonly currentTarget: { readonly value: string } }) =>
      onChange({ [field]: event.currentTarget.value }),
  });
  return (
    <>
      <div className={css['fields']}>
        <NativeSelect
          label="Application"
          value={draft.application}
          data={[everyApplication, ...applications.map(({ application }) => application)]}
          onChange={(event) => onChange({ application: event.currentTarget.value })}
        />
        <TextInput label="Environment" placeholder="every protected one" maxLength={63} {...text('environment')} />
        <TextInput label="From (now when empty)" type="datetime-local" {...text('from')} />
        <TextInput label="Until" type="datetime-local" {...text('to')} />
      </div>
      <TextInput label="Why" maxLength={2_000} {...text('reason')} />
    </>
  );
}

function useFreeze({ application, environment, from, to, reason }: Draft, onDone: () => void) {
  const { http } = useServer();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      http.send<FreezeView>('/api/v1/freezes', {
        ...(application === everyApplication ? {} : { application }),
        ...(environment.trim() === '' ? {} : { environment: environment.trim() }),
        ...(from === '' ? {} : { from: new Date(from).toISOString() }),
        to: new Date(to).toISOString(),
        reason: reason.trim(),
      }),
    onSuccess: onDone,
    onSettled: () => Promise.all(['freezes', 'board'].map((noun) => queries.invalidateQueries({ queryKey: [noun] }))),
  });
}
