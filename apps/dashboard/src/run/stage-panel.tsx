import type { StageView } from '@slipway/api';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { LogView } from '../log/log-view.tsx';
import { Card } from '../mark/card.tsx';
import { Copyable } from '../mark/copyable.tsx';
import { FactTable, type Fact } from '../mark/fact-table.tsx';
import { Elapsed, Moment } from '../mark/moment.tsx';
import { Note } from '../mark/note.tsx';
import { ValueView } from '../mark/value-view.tsx';
import { runStatus } from '../mark/status.ts';
import { StatusBadge } from '../mark/status-badge.tsx';
import { stageLogPath } from '../server/queries.ts';
import { parseHit } from './run-words.ts';
import { readStageFacts } from './stage-facts.ts';
import { CoverageView, TestsView } from './stage-findings.tsx';
import css from './run.module.css';

/** Everything about one stage: why it ended so, what it found, and its log. */
export function StagePanel({ run, stage }: { readonly run: string; readonly stage: StageView }) {
  const facts = readStageFacts(stage);
  const hasLog = stage.startedAt !== undefined || stage.hitOf !== undefined || stage.phase === 'running';
  const logOf = stage.hitOf === undefined ? undefined : parseHit(stage.hitOf);
  const path = stageLogPath(logOf?.run ?? run, logOf?.stage ?? stage.name);
  return (
    <Card title={stage.name} aside={<StatusBadge status={runStatus(stage)} />} label={`Stage ${stage.name}`}>
      <div className={css['panel']}>
        {stage.message === undefined ? undefined : <Why stage={stage} />}
        <FactTable facts={[...about(stage), ...imageFacts(facts.image)]} />
        {facts.tests === undefined ? undefined : <TestsView tests={facts.tests} />}
        {facts.coverage === undefined ? undefined : <CoverageView coverage={facts.coverage} />}
        {facts.others.length === 0 ? undefined : (
          <FactTable facts={facts.others.map(([name, value]) => ({ name, value: <ValueView value={value} /> }))} />
        )}
        {hasLog ? (
          <LogView
            key={`${path} ${stage.attempt}`}
            path={path}
            follow={stage.phase !== 'finished'}
            label={`Log of ${stage.name}`}
          />
        ) : (
          <p className={css['soft']}>It has not started: there is no log yet.</p>
        )}
      </div>
    </Card>
  );
}

function Why({ stage }: { readonly stage: StageView }) {
  const { tone, icon } = runStatus(stage);
  return (
    <Note tone={tone} icon={icon === 'busy' ? 'clock' : icon}>
      {stage.reason === undefined ? undefined : <b>{stage.reason}: </b>}
      {stage.message}
    </Note>
  );
}

function about(stage: StageView): readonly Fact[] {
  const optional = (name: string, value: ReactNode): readonly Fact[] => (value === undefined ? [] : [{ name, value }]);
  return [
    { name: 'Kind', value: stage.kind },
    { name: 'Requirement', value: stage.requirement },
    ...optional('Needs', stage.needs.length === 0 ? undefined : stage.needs.join(', ')),
    ...optional('Result', stage.hitOf === undefined ? undefined : <Hit hitOf={stage.hitOf} />),
    ...(stage.message === undefined ? optional('Reason', stage.reason) : []),
    ...optional('Isolation', stage.isolation),
    ...optional('Exit code', stage.exitCode),
    ...optional('Attempt', stage.attempt > 1 ? stage.attempt : undefined),
    ...optional('Started', stage.startedAt === undefined ? undefined : <Moment at={stage.startedAt} />),
    ...optional(
      'Duration',
      stage.startedAt === undefined && stage.durationMs === undefined ? undefined : (
        <Elapsed startedAt={stage.startedAt} durationMs={stage.durationMs} />
      ),
    ),
  ];
}

function Hit({ hitOf }: { readonly hitOf: string }) {
  const hit = parseHit(hitOf);
  if (hit === undefined) return <>same content as {hitOf}</>;
  return (
    <>
      same content as{' '}
      <Link to="/runs/$run" params={{ run: hit.run }} search={{ stage: hit.stage }}>
        {hit.run}
      </Link>
    </>
  );
}

function imageFacts(image: ReturnType<typeof readStageFacts>['image']): readonly Fact[] {
  if (image === undefined) return [];
  return [
    { name: 'Image', value: image.platform === undefined ? image.name : `${image.name} (${image.platform})` },
    { name: 'Digest', value: <Copyable text={image.digest} what="image digest" length={16} /> },
  ];
}
