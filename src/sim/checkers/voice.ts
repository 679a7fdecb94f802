/**
 * The words for stops, as every surface prints them; that they exist is all that is checked here.
 */
import type { Voice } from './stops-explain.ts';

export const voice: Voice = {
  failure: (failure) => failure.kind,
  wait: (wait) => wait.reason,
};
