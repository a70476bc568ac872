import type { EnvironmentView, PromotionView } from '@slipway/api';
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Icon } from '../mark/icon.tsx';
import { Note } from '../mark/note.tsx';
import { deliveryStatus } from '../mark/status.ts';
import { StatusBadge } from '../mark/status-badge.tsx';
import { UnmetGates } from '../mark/unmet-gates.tsx';
import { environmentPath, usePullRequests } from '../server/queries.ts';
import { useServer } from '../server/server-context.ts';
import css from './environment.module.css';
import { Refusal } from '../mark/refusal.tsx';

/** Promotes into this environment when the server allows it; every gate that is not met stands below. */
export function PromoteButton({ view }: { readonly view: EnvironmentView }) {
  const { http } = useServer();
  const queries = useQueryClient();
  const { application, environment, canPromote } = view;
  const path = `${environmentPath(application, environment)}/promotions`;
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: () => http.send<PromotionView>(path, {}),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['board', application] }),
        queries.invalidateQueries({ queryKey: ['pull-requests'] }),
      ]),
  });
  return (
    <div className={css['promote']}>
      <Button
        variant={canPromote.isAllowed ? 'filled' : 'default'}
        disabled={!canPromote.isAllowed}
        loading={isPending}
        onClick={() => mutate()}
        fullWidth
      >
        Promote to {environment}
      </Button>
      {canPromote.isAllowed ? undefined : (
        <UnmetGates gates={canPromote.unmet} label={`Why nothing may be promoted to ${environment}`} />
      )}
      <Refusal error={error} />
      {data === undefined || view.promotion !== undefined ? undefined : (
        <Note tone="busy" icon="check" role="status">
          {data.message}
        </Note>
      )}
    </div>
  );
}

/** A promotion or rollback that is under way, with the pull request where it is decided. */
export function OpenPromotion({ promotion }: { readonly promotion: NonNullable<EnvironmentView['promotion']> }) {
  // The promotion knows its number, the pull request knows its repository.
  const carrier = usePullRequests('open').data?.find((candidate) => candidate.promotion === promotion.id);
  return (
    <div className={css['promotion']}>
      <div className={css['promotionHead']}>
        {promotion.kind === 'rollback' ? (
          <b>
            <Icon name="back" size={14} /> Rollback under way
          </b>
        ) : (
          <b>Promotion</b>
        )}
        <StatusBadge status={deliveryStatus(promotion.phase)} />
      </div>
      <p>{promotion.message}</p>
      <p className={css['soft']}>
        asked for by {promotion.requestedBy}
        {carrier === undefined ? (
          promotion.pullRequest === undefined ? undefined : (
            <>, pull request #{promotion.pullRequest}</>
          )
        ) : (
          <>
            ,{' '}
            <Link
              to="/pull-requests/$repository/$number"
              params={{ repository: carrier.repository, number: `${carrier.number}` }}
            >
              pull request #{carrier.number}
            </Link>
          </>
        )}
      </p>
    </div>
  );
}
