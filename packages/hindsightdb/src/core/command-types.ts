/** Event types that hold a command that is kept. */
export const commandTypes = {
  accepted: '$commandAccepted',
  scheduled: '$commandScheduled',
  handled: '$commandHandled',
  refused: '$commandRefused',
} as const;
