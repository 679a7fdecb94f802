/**
 * Exit codes of `gt`, stable for scripts. Every failure of every command maps to one of them here
 * and nowhere else.
 *
 * X1 A script may tell "wrong words" (2) from "no such thing" (3), "the town says no" (4) and
 *    "nothing is listening" (5) without reading text.
 */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  notRunning: 5,
  /** 128 + SIGINT, as shells report it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** X1. What the person can correct is refused; what broke on our side is a failure. */
export function exitCodeOfStatus(status: number): ExitCode {
  if (status === 404) return exitCodes.notFound;
  if (status >= 500 || status === 429) return exitCodes.failure;
  if (status >= 400) return exitCodes.refused;
  return exitCodes.failure;
}
