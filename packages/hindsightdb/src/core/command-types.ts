/** The types of events that commands and their outcomes are kept as. See docs/formats/commands.md. */

/** Event types that hold a command that is kept. */
export const commandTypes = {
  accepted: '$commandAccepted',
  scheduled: '$commandScheduled',
  handled: '$commandHandled',
  refused: '$commandRefused',
} as const;

/** Event types of outcomes that were written after the command. */
export const outcomeTypes = {
  decided: '$commandDecided',
  rejected: '$commandRejected',
  cancelled: '$commandCancelled',
  abandoned: '$commandAbandoned',
} as const;
