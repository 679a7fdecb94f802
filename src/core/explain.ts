/**
 * The one place that speaks to people about what went wrong or waits: every failure and every
 * wait becomes `{ what, evidence, next }`, the same on every surface. Pure.
 *
 * E1 Every kind has its words: a new one without them does not compile.
 * E2 `next` is exactly one thing the reader can do, with the real names where they are known.
 * E3 Words of agents, commands and remotes are quoted, cleaned and shortened.
 */
import { adoptionWords } from './explain/adoption.ts';
import { agentWords } from './explain/agent.ts';
import { landingWords } from './explain/landing.ts';
import { machineWords } from './explain/machine.ts';
import { pullWords } from './explain/pull.ts';
import { repositoryWords } from './explain/repository.ts';
import { requestWords } from './explain/request.ts';
import { explainWait } from './explain/wait.ts';
import type { About, Explanation, Says } from './explain/words.ts';
import type { Failure, FailureKind, FailureOf } from './failure.ts';
import type { Wait } from './wait.ts';

export type { About, Explanation };

export function explain(thing: Failure | Wait, about: About = {}): Explanation {
  return 'kind' in thing ? explainFailure(thing, about) : explainWait(thing, about);
}

/** E1 */
const says: Says = {
  ...repositoryWords,
  ...agentWords,
  ...landingWords,
  ...machineWords,
  ...pullWords,
  ...adoptionWords,
  ...requestWords,
};

/** A failure of the kind `K`, in the one form in which TypeScript relates it to its words. */
type Related<K extends FailureKind> = { [P in K]: FailureOf<P> & { readonly kind: P } }[K];

function explainFailure<K extends FailureKind>(failure: Related<K>, about: About): Explanation {
  const say: (failure: Related<K>, about: About) => Explanation = says[failure.kind];
  return say(failure, about);
}
