import type { ReactNode } from 'react';
import css from './fact-table.module.css';

/** A name and what it is. */
export interface Fact {
  readonly name: string;
  readonly value: ReactNode;
}

/** Facts as name and value, as many columns as fit. */
export function FactTable({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className={css['facts']}>
      {facts.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
