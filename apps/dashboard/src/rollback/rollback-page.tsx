import type { ReleaseView } from '@slipway/api';
import { Radio, SegmentedControl } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { Page } from '../frame/page.tsx';
import { Empty, QueryView } from '../frame/query-view.tsx';
import { Card } from '../mark/card.tsx';
import { Moment } from '../mark/moment.tsx';
import { deliveryStatus } from '../mark/status.ts';
import { StatusBadge } from '../mark/status-badge.tsx';
import type { RollbackPart } from '../server/answers.ts';
import { useReleases } from '../server/queries.ts';
import { RollbackPreview } from './rollback-preview.tsx';
import css from './rollback.module.css';

const parts: readonly { readonly value: RollbackPart; readonly label: string }[] = [
  { value: 'both', label: 'All' },
  { value: 'manifests', label: 'Manifests' },
  { value: 'app-config', label: 'Settings' },
];

/** Going back: what ran there, what would be taken back, and the press that asks for it. */
export function RollbackPage() {
  const { application, environment } = useParams({ from: '/environments/$application/$environment/rollback' });
  const [to, setTo] = useState<string>();
  const [part, setPart] = useState<RollbackPart>('both');
  return (
    <Page title={`Go back in ${environment}`}>
      <QueryView
        query={useReleases(application, environment)}
        what="what ran there"
        shapes={[72, 72, 220]}
        empty={{ isEmpty: (releases) => releases.length === 0, view: <NothingRan environment={environment} /> }}
      >
        {(releases) => (
          <div className={css['columns']}>
            <Card title="To what ran there">
              <Radio.Group value={to ?? ''} onChange={setTo} aria-label="Go back to">
                <ul className={css['releases']} aria-label={`What ran in ${environment}`}>
                  {releases.map((release) => (
                    <Release key={release.deployment} release={release} />
                  ))}
                </ul>
              </Radio.Group>
              <p className={css['soft']}>Nothing chosen: the newest that ran healthy before.</p>
              <SegmentedControl
                data={[...parts]}
                value={part}
                onChange={(value) => setPart(parts.find((one) => one.value === value)?.value ?? 'both')}
                aria-label="What is taken back"
                fullWidth
              />
            </Card>
            <RollbackPreview
              key={`${to ?? ''} ${part}`}
              choice={{ application, environment, part, ...(to === undefined ? {} : { to }) }}
            />
          </div>
        )}
      </QueryView>
    </Page>
  );
}

function Release({ release }: { readonly release: ReleaseView }) {
  const { deployment, phase, finishedAt, isCurrent, changes } = release;
  return (
    <li>
      <Radio value={deployment} disabled={isCurrent} aria-label={`Release ${shortOf(release)}`} />
      <div>
        <b>{shortOf(release)}</b> <StatusBadge status={deliveryStatus(phase)} />
        <p>{changes.map((change) => change.subject).join('; ')}</p>
        <p className={css['soft']}>
          {finishedAt === undefined ? undefined : <Moment at={finishedAt} />} {marksOf(release).join(', ')}
        </p>
      </div>
    </li>
  );
}

function shortOf({ release }: Pick<ReleaseView, 'release'>): string {
  return release.replace('sha256:', '').slice(0, 12);
}

/** What a person has to know of it before choosing it. */
function marksOf(release: ReleaseView): readonly string[] {
  return [
    ...(release.isCurrent ? ['runs now'] : []),
    ...(release.wasRolledBack ? ['was rolled back from'] : []),
    ...release.failedVerifications.map((name) => `${name} failed`),
    ...release.missingImages.map((image) => `image gone: ${image}`),
  ];
}

function NothingRan({ environment }: { readonly environment: string }) {
  return (
    <Empty icon="back" title="Nothing to go back to">
      Nothing has run in {environment} yet.
    </Empty>
  );
}
