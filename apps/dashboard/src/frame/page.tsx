import type { ReactNode } from 'react';
import css from './frame.module.css';

interface PageProps {
  /** Also the title of the browser's tab. */
  readonly title: string;
  readonly heading?: ReactNode;
  readonly below?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A page: its one heading, what is known at a glance, what may be done, then its content. */
export function Page({ title, heading, below, actions, children }: PageProps) {
  return (
    <>
      <title>{`${title} · Slipway`}</title>
      <header className={css['head']}>
        <div className={css['headText']}>
          <h1>{heading ?? title}</h1>
          {below === undefined ? undefined : <div className={css['below']}>{below}</div>}
        </div>
        {actions === undefined ? undefined : <div className={css['actions']}>{actions}</div>}
      </header>
      <div className={css['content']}>{children}</div>
    </>
  );
}
