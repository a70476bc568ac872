import type { PromotionView, TicketView } from '@slipway/api';
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Moment } from '../mark/moment.tsx';
import { Note } from '../mark/note.tsx';
import { Refusal } from '../mark/refusal.tsx';
import { promotionPath, useApprovals } from '../server/queries.ts';
import { useServer } from '../server/server-context.ts';
import css from './ticket.module.css';

/** That it went in past its approvals, and who looked at it afterwards; nothing of any other release. */
export function BreakGlass({ view: { id, breakGlass } }: { readonly view: TicketView }) {
  if (breakGlass === undefined) return undefined;
  const { by, at, reviewUntil, reviewedBy, reviewedAt } = breakGlass;
  if (reviewedBy !== undefined) {
    return (
      <Note tone="ok" icon="check">
        {by} broke the glass <Moment at={at} />; {reviewedBy} reviewed it{' '}
        {reviewedAt === undefined ? undefined : <Moment at={reviewedAt} />}.
      </Note>
    );
  }
  return (
    <Note tone="bad" icon="warn" role="alert">
      <b>It went in past its approvals.</b> {by} broke the glass <Moment at={at} />; a second person reviews it until{' '}
      <Moment at={reviewUntil} isAhead />.
      <ReviewButton promotion={id} />
    </Note>
  );
}

/** Says that a second person has looked at it, where the server lets this account say so. */
export function ReviewButton({ promotion }: { readonly promotion: string }) {
  const { http } = useServer();
  const queries = useQueryClient();
  const waiting = useApprovals().data?.items.find((item) => item.promotion === promotion && item.waitsFor === 'review');
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => http.send<PromotionView>(`${promotionPath(promotion)}/approve`, { verdict: 'approved' }),
    onSettled: () =>
      Promise.all(
        ['approvals', 'ticket', 'tickets', 'board'].map((noun) => queries.invalidateQueries({ queryKey: [noun] })),
      ),
  });
  if (waiting === undefined) return undefined;
  const { isAllowed, reason } = waiting.canApprove;
  return (
    <span className={css['review']}>
      <Button size="compact-sm" disabled={!isAllowed} loading={isPending} onClick={() => mutate()}>
        I have reviewed it
      </Button>
      {isAllowed ? undefined : <span>You cannot review it: {reason ?? 'the server does not allow it'}</span>}
      <Refusal error={error} />
    </span>
  );
}
