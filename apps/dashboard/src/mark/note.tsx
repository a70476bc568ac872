import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';
import css from './mark.module.css';
import type { Tone } from './status.ts';

interface NoteProps {
  readonly tone: Tone;
  readonly icon: IconName;
  /** `alert` is read out at once. */
  readonly role?: 'alert' | 'status' | 'note';
  readonly children: ReactNode;
}

/** A sentence that must not be missed. */
export function Note({ tone, icon, role = 'note', children }: NoteProps) {
  return (
    <div className={`${css['note']} ${css[tone]}`} role={role}>
      <Icon name={icon} />
      <div>{children}</div>
    </div>
  );
}
