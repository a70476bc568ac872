import { Icon } from './icon.tsx';
import css from './mark.module.css';
import type { Status } from './status.ts';

/** A state as icon, colour and word. */
export function StatusBadge({ status }: { readonly status: Status }) {
  return (
    <span className={`${css['badge']} ${css[status.tone]}`}>
      <StatusIcon status={status} />
      {status.text}
    </span>
  );
}

function StatusIcon({ status, size = 14 }: { readonly status: Status; readonly size?: number }) {
  return status.icon === 'busy' ? (
    <Icon name="busy" size={size} className={css['turning'] ?? ''} />
  ) : (
    <Icon name={status.icon} size={size} />
  );
}

/** A state where the word stands beside it already, or is read out by `label`. */
export function StatusDot({ status, label }: { readonly status: Status; readonly label?: string }) {
  return (
    <span
      className={`${css['dot']} ${css[status.tone]}`}
      {...(label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label, title: label })}
    >
      <StatusIcon status={status} size={12} />
    </span>
  );
}
