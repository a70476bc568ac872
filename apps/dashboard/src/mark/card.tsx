import type { ReactNode } from 'react';
import css from './mark.module.css';

interface CardProps {
  readonly title?: ReactNode;
  /** Right of the title. */
  readonly aside?: ReactNode;
  readonly label?: string;
  readonly children: ReactNode;
}

/** One thing on the page, with its heading. */
export function Card({ title, aside, label, children }: CardProps) {
  return (
    <section className={css['card']} {...(label === undefined ? {} : { 'aria-label': label })}>
      {title === undefined ? undefined : (
        <div className={css['cardHead']}>
          <h2 className={css['cardTitle']}>{title}</h2>
          {aside}
        </div>
      )}
      {children}
    </section>
  );
}
