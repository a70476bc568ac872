import type { UnmetGate } from '../server/answers.ts';
import { Icon } from './icon.tsx';
import css from './mark.module.css';

/** Why something is not allowed, every gate in the server's words. */
export function UnmetGates({ gates, label }: { readonly gates: readonly UnmetGate[]; readonly label: string }) {
  return (
    <ul className={css['gates']} aria-label={label}>
      {gates.map(({ gate, message }) => (
        <li key={`${gate} ${message}`}>
          <Icon name="lock" size={14} />
          <span>
            <b>{gate}</b> {message}
          </span>
        </li>
      ))}
    </ul>
  );
}
