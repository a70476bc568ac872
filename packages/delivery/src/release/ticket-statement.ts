import { type EvidenceStatement, type ReleaseTicket, statementIds } from '@slipway/domain';

/** A release ticket as it stood when it was opened or closed. */
export function ticketStatement(
  ticket: ReleaseTicket,
  state: 'opened' | 'closed',
  links: readonly string[],
): EvidenceStatement {
  const { id, number, application, environment, kind, title, release, openedBy, approvals, message, outcome } = ticket;
  return {
    id: statementIds.ticket(id, state),
    kind: 'releaseTicket',
    subjects: [{ name: `release:${application}`, digest: { sha256: release.slice('sha256:'.length) } }],
    predicate: {
      application,
      environment,
      what: state,
      ticket: number,
      kind,
      title,
      release,
      ...(ticket.fromRelease === undefined ? {} : { fromRelease: ticket.fromRelease }),
      openedBy,
      ...(ticket.reason === undefined ? {} : { reason: ticket.reason }),
      commits: ticket.commits.map(({ repository, commit, subject, author }) => ({
        repository,
        commit,
        subject,
        author,
      })),
      ...(ticket.manifestDiff === undefined ? {} : { manifestDiff: ticket.manifestDiff }),
      ...(ticket.configDiff === undefined ? {} : { configDiff: ticket.configDiff }),
      approvals,
      ...(ticket.rollbackTo === undefined ? {} : { rollbackTo: ticket.rollbackTo }),
      ...(outcome === undefined ? {} : { outcome }),
      message,
    },
    links,
  };
}
