import { NotifyError } from '@slipway/ports';

/** Fields of nodemailer's errors. */
interface MailFault {
  readonly code?: unknown;
  readonly responseCode?: unknown;
  readonly command?: unknown;
  readonly response?: unknown;
}

/**
 * Translates what nodemailer threw, by its fields: what the server says of one recipient or one text is of the message, anything else
 * of the channel.
 *
 * @see RFC 5321, 4.2.1: 4yz is for now, 5yz for good.
 */
export function mailErrorOf(
  error: unknown,
  context: { readonly host: string; readonly isTimeout: boolean },
): NotifyError {
  if (error instanceof NotifyError) return error;
  const fault: MailFault = typeof error === 'object' && error !== null ? error : {};
  const { host } = context;
  const status = typeof fault.responseCode === 'number' ? fault.responseCode : undefined;
  const reason = context.isTimeout ? 'timeout' : typeof fault.code === 'string' ? fault.code : 'unknown';
  const facts = { host, reason, ...(status === undefined ? {} : { status }) };
  const said = typeof fault.response === 'string' ? fault.response.replace(/\p{Cc}+/gu, ' ').slice(0, 200) : '';
  const what =
    said === '' ? `${host} did not take the mail (${reason})` : `${host} answered ${said.replace(/\.$/, '')}`;
  return new NotifyError(codeOf(fault, reason, status), what, { facts });
}

function codeOf(fault: MailFault, reason: string, status: number | undefined): NotifyError['code'] {
  if (['EAUTH', 'ENOAUTH', 'EOAUTH2'].includes(reason) || status === 530) return 'NOTIFY_UNAUTHORISED';
  const isOfMessage = fault.command === 'RCPT TO' || fault.command === 'DATA';
  if (status === undefined || status === 421 || !isOfMessage) return 'NOTIFY_UNREACHABLE';
  return status >= 500 ? 'NOTIFY_REFUSED' : 'NOTIFY_DEFERRED';
}
