import type { PullRequestView } from '@slipway/api';
import { Card } from '../mark/card.tsx';
import { Moment } from '../mark/moment.tsx';
import { StatusBadge } from '../mark/status-badge.tsx';
import css from './pull-request.module.css';
import { verdictStatus } from './pull-request-words.ts';
import { ReviewForm } from './review-form.tsx';

/** Who said what, and whether it counts for the head as it is now. */
export function Reviews({ view }: { readonly view: PullRequestView }) {
  return (
    <Card title="Reviews">
      <div className={css['reviews']}>
        {view.reviews.length === 0 ? <p className={css['soft']}>Nobody has reviewed it yet.</p> : undefined}
        {view.reviews.map((review) => (
          <article key={`${review.account} ${review.createdAt}`} className={css['review']}>
            <div className={css['reviewHead']}>
              <b>{review.account}</b>
              <Moment at={review.createdAt} />
            </div>
            <div>
              <StatusBadge status={verdictStatus(review.verdict)} />
            </div>
            {review.body === '' ? undefined : <p className={css['body']}>{review.body}</p>}
            <p className={css['soft']}>
              {review.counts ? 'Counts' : 'Does not count'}
              {review.reason === undefined ? undefined : `: ${review.reason}`}
            </p>
          </article>
        ))}
        {view.state === 'open' ? <ReviewForm key={view.head} view={view} /> : undefined}
      </div>
    </Card>
  );
}
