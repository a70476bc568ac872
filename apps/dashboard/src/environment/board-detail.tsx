import type { EnvironmentView } from '@slipway/api';
import { createContext, type ReactNode, use, useEffect, useRef } from 'react';
import { LogView } from '../log/log-view.tsx';
import { Card } from '../mark/card.tsx';
import { verificationLogPath } from '../server/queries.ts';
import { PendingDiff } from './pending-diff.tsx';

/** Columns are narrow: a diff or a log of one of them stands below the board, one at a time. */
export interface ShownDetail {
  readonly shown: string | undefined;
  readonly onToggle: (detail: string) => void;
}

const ShownContext = createContext<ShownDetail>({ shown: undefined, onToggle: () => undefined });

export const ShownDetailProvider = ShownContext.Provider;

/** Names of details: what is pending in an environment, the log of a verification. */
export const detailOf = {
  pending: (environment: string): string => `pending ${environment}`,
  log: (verification: string): string => `log ${verification}`,
} as const;

/** Whether a detail is shown, and the press that shows or hides it. */
export function useDetail(detail: string): { readonly isOpen: boolean; readonly onToggle: () => void } {
  const { shown, onToggle } = use(ShownContext);
  return { isOpen: shown === detail, onToggle: () => onToggle(detail) };
}

/** The detail that is shown, if it is still there. */
export function BoardDetail({ environments }: { readonly environments: readonly EnvironmentView[] }) {
  const { shown } = use(ShownContext);
  for (const { application, environment, pending, verifications } of environments) {
    if (pending !== undefined && shown === detailOf.pending(environment)) {
      return (
        <InSight key={shown}>
          <PendingDiff application={application} environment={environment} />
        </InSight>
      );
    }
    const verification = verifications.find(({ id }) => shown === detailOf.log(id));
    if (verification !== undefined) {
      const title = `Log of ${verification.name} in ${environment}`;
      return (
        <InSight key={shown}>
          <Card title={title}>
            <LogView path={verificationLogPath(verification.id)} label={title} />
          </Card>
        </InSight>
      );
    }
  }
  return undefined;
}

function InSight({ children }: { readonly children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // In braces: newer browsers answer with a promise, which is no clean-up of an effect.
    box.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  return <div ref={box}>{children}</div>;
}
