/** Exit codes of every command; `docs/cli.md` prints this table. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  unauthenticated: 3,
  forbidden: 4,
  unreachable: 5,
  undecided: 6,
  internal: 70,
  cancelled: 130,
} as const;
export type ExitName = keyof typeof exitCodes;
export type ExitCode = (typeof exitCodes)[ExitName];

/** What each code tells a script. */
export const exitMeanings: Readonly<Record<ExitName, string>> = {
  ok: 'Done. `diff`: nothing differs. `audit verify`: the evidence is whole.',
  failed:
    'It failed, or was refused for its content. `diff`: something differs. `run`: a required stage failed. `lint`: there are faults. `audit verify`: broken or incomplete.',
  usage: 'The command line is wrong; nothing was done.',
  unauthenticated: 'Not logged in, or the token has ended.',
  forbidden: 'The account may not do this.',
  unreachable: 'The server does not answer.',
  undecided: '`diff` could not be made: nothing is known about a difference.',
  internal: 'A fault of Slipway itself.',
  cancelled: 'Ended by Ctrl-C or SIGTERM.',
};
