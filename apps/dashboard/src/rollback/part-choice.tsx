import type { RollbackPart } from '../server/answers.ts';
import css from './rollback.module.css';

const parts: readonly { readonly part: RollbackPart; readonly text: string; readonly says: string }[] = [
  { part: 'both', text: 'Manifests and app config', says: 'Everything is as it was then.' },
  { part: 'manifests', text: 'Manifests only', says: 'Images and manifests go back; app config stays as it is.' },
  { part: 'app-config', text: 'App config only', says: 'Configuration goes back; images and manifests stay.' },
];

interface PartChoiceProps {
  readonly chosen: RollbackPart;
  readonly onChoose: (part: RollbackPart) => void;
}

/** What of the environment goes back. */
export function PartChoice({ chosen, onChoose }: PartChoiceProps) {
  return (
    <fieldset className={css['set']}>
      <legend className={css['legend']}>Part that goes back</legend>
      {parts.map(({ part, text, says }) => (
        <label key={part} className={css['choice']}>
          <input type="radio" name="part" value={part} checked={part === chosen} onChange={() => onChoose(part)} />
          <span>
            <b>{text}</b>
            <span className={css['soft']}>{says}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
