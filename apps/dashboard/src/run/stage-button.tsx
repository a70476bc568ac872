import type { StageView } from '@slipway/api';
import { Elapsed } from '../mark/moment.tsx';
import { runStatus } from '../mark/status.ts';
import { StatusDot } from '../mark/status-badge.tsx';
import css from './run.module.css';

interface StageButtonProps {
  readonly stage: StageView;
  readonly isSelected: boolean;
  readonly onSelect: (stage: string) => void;
}

/** A stage at a glance: name, state in colour, icon and word, and how long; a press shows the rest. */
export function StageButton({ stage, isSelected, onSelect }: StageButtonProps) {
  const status = runStatus(stage);
  return (
    <button
      type="button"
      // `nodrag nopan`: a press on it is not the beginning of moving the drawing.
      className={`nodrag nopan ${css['stage']} ${css[`stage-${status.tone}`]}`}
      aria-pressed={isSelected}
      title={stage.hitOf === undefined ? undefined : `${status.text}: same content as ${stage.hitOf}`}
      onClick={() => onSelect(stage.name)}
    >
      <span className={css['stageName']}>
        <StatusDot status={status} {...(stage.hitOf === undefined ? {} : { label: status.text })} />
        <b>{stage.name}</b>
        {stage.requirement === 'required' ? undefined : <i>{stage.requirement}</i>}
      </span>
      <span className={css['stageMeta']}>
        <span>{stage.hitOf === undefined ? status.text : 'Same content'}</span>
        {stage.hitOf === undefined ? <Elapsed startedAt={stage.startedAt} durationMs={stage.durationMs} /> : undefined}
      </span>
    </button>
  );
}
