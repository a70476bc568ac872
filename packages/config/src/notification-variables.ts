/** Names of the variables that configure notifications. A file of its own: the program's start loads nothing else for it. */
export const notificationVariables = [
  'SLIPWAY_PUBLIC_URL',
  'SLIPWAY_SMTP_URL',
  'SLIPWAY_MAIL_FROM',
  'SLIPWAY_MAIL_KINDS',
  'SLIPWAY_WEBHOOK_URL',
  'SLIPWAY_WEBHOOK_SECRET',
  'SLIPWAY_WEBHOOK_KINDS',
  'SLIPWAY_SLACK_URL',
  'SLIPWAY_SLACK_KINDS',
  'SLIPWAY_TEAMS_URL',
  'SLIPWAY_TEAMS_KINDS',
] as const;
