/**
 * Words for what reading a pull request answered. Replaced by the full table when it lands.
 */
import type { PRStatusError } from './pr-status.ts';

export function failureMessageFor(
  error: PRStatusError,
  about: {
    readonly url: string;
    readonly rig: string | null;
    readonly mergeRequest: string | null;
  },
): { what: string; evidence: string; next: string } {
  return {
    what: `The pull request cannot be read: ${error.kind.replaceAll('_', ' ')}.`,
    evidence: about.url,
    next: `See what waits: gt status`,
  };
}
