/**
 * Words for what came of agents, of their workspaces and of attempts. Pure; `explain.ts` is the
 * door to it.
 */
import {
  counted,
  examine,
  howItEnded,
  listed,
  named,
  quoted,
  readLog,
  known,
  retryWithNote,
  again,
  setting,
  span,
  stacked,
  tail,
  type About,
  type Says,
} from './words.ts';
import type { FailureOf } from '../failure.ts';
import { noAgent, scriptedAgent } from '../launch-spec.ts';
import { near } from '../names.ts';

type Kinds =
  | 'agent_missing'
  | 'agent_start_failed'
  | 'agent_crashed'
  | 'agent_idle'
  | 'agent_timed_out'
  | 'model_mismatch'
  | 'isolation_unavailable'
  | 'workspace_failed'
  | 'setup_failed'
  | 'attempts_exhausted'
  | 'rounds_exhausted'
  | 'stopped_by_person'
  | 'attempt_over';

const PHASES = {
  spawn: 'while its process was started',
  initialize: 'while the protocol was agreed on',
  session: 'while a session was opened',
  tools: 'while it was given its tools',
} as const;

export const agentWords: Says<Kinds> = {
  agent_missing: (failure, about) => ({
    what:
      failure.agent === noAgent
        ? 'No agent is set, and none was found on this machine.'
        : failure.command === ''
          ? `No agent is called ${named(failure.agent)}.`
          : `The agent ${named(failure.agent)} cannot be started: ` +
            `${named(failure.command)} is not on this machine.`,
    evidence: knownAgents(failure),
    next: otherAgent(failure, about),
  }),
  agent_start_failed: (failure, about) => ({
    what: startFailed(failure),
    evidence: tail(failure.output),
    next:
      failure.cause === 'login_needed'
        ? again(`Start ${named(failure.agent)} yourself once and log in`, about)
        : readLog(about),
  }),
  agent_crashed: ({ agent, exitCode, signal, output }, about) => ({
    what:
      `The agent ${named(agent)} ended${howItEnded({ exitCode, signal })} ` +
      'before it handed in its work.',
    evidence: tail(output),
    next: readLog(about),
  }),
  agent_idle: ({ agent, lastWords }, about) => ({
    what:
      `The agent ${named(agent)} stopped without handing in its work, ` +
      'and once more after it was asked to go on.',
    evidence: lastWords === '' ? 'It said nothing.' : `Its last words: ${quoted(lastWords, 400)}`,
    next: readLog(about),
  }),
  agent_timed_out: ({ agent, quietMs, limitMs }, about) => ({
    what: `The agent ${named(agent)} gave no sign of life for ${span(quietMs)} and was stopped.`,
    evidence: `The limit is ${span(limitMs)}.`,
    next: readLog(about),
  }),
  model_mismatch: ({ agent, wanted, got }, about) => ({
    what: `The agent ${named(agent)} does not use the model it was told to use.`,
    evidence: `Told: ${named(wanted)}. In use: ${named(got)}.`,
    next: about.bead
      ? `Take the one it has: gt bead edit ${about.bead} --model ${named(got)}`
      : `Take the one it has: ${setting('defaultModel', named(got), about)}`,
  }),
  isolation_unavailable: ({ required, available, why }) => ({
    what: `Agents must be isolated at level ${required}, and this machine offers ${available}.`,
    evidence: tail(why),
    next: 'See what is missing: gt doctor',
  }),
  workspace_failed: ({ step, output }, about) => ({
    what: `No workspace could be made: ${named(step)} failed.`,
    evidence: tail(output),
    next: examine('Check the disk and the repository', about),
  }),
  setup_failed: (failure, about) => ({
    what:
      `The setup step ${named(failure.name)} ` +
      (failure.timedOut ? 'did not end in time.' : `failed${howItEnded(failure)}.`),
    evidence: stacked(`$ ${named(failure.command)}`, tail(failure.output)),
    next: examine('Correct the step, or what it needs', about),
  }),
  attempts_exhausted: ({ charged, max }, about) => ({
    what: `${counted(charged, 'attempt')} ended without work to judge; no more are made.`,
    evidence: stacked(`The setting maxDispatchAttempts is ${max}.`, lastLog(about)),
    next: retryWithNote(about),
  }),
  rounds_exhausted: ({ cause, rounds, max }, about) => ({
    what:
      `${counted(rounds, 'round')} because of ${CAUSES[cause] ?? named(cause)} ` +
      'did not lead to a change that lands.',
    evidence: stacked(`The setting maxFeedbackRounds is ${max}.`, lastLog(about)),
    next: retryWithNote(about),
  }),
  stopped_by_person: ({ reason }, about) => ({
    what: 'A person stopped it; its work is saved.',
    evidence: reason === '' ? 'No reason was given.' : `The reason: ${quoted(reason, 400)}`,
    next: known(about.bead)
      ? `Let it go on: gt bead release ${about.bead}`
      : 'See which bead it is: gt bead list --status held',
  }),
  attempt_over: ({ attempt }) => ({
    what: `The attempt ${named(attempt)} is over; what it asks for no longer counts.`,
    evidence: 'A later attempt may be at work, or the bead was stopped or closed.',
    next: `See the bead: gt bead show ${named(attempt).replace(/\.\d+$/, '')}`,
  }),
};

const CAUSES: Readonly<Record<string, string>> = {
  gate: 'failing gates',
  conflict: 'conflicts with the target',
  review: 'rejections',
  answer: 'questions',
  empty: 'changes that change nothing',
};

function lastLog({ attempt, bead }: About): string {
  const id = attempt ?? bead;
  return known(id) ? `What the last one did: gt agent logs ${id}` : '';
}

/** `scripted` follows a script: nobody is told to give it a task. */
function knownAgents({ agent, known: names }: Missing): string {
  const real = agent === noAgent ? names.filter((name) => name !== scriptedAgent) : names;
  return real.length === 0 ? '' : `Known agents: ${listed(real)}`;
}

/** Known is not installed: only a name that was probably meant is offered. */
function otherAgent({ agent, command, known: names }: Missing, about: About): string {
  if (command !== '') {
    return again(`Install ${named(command)} where “gt up” runs, on its PATH`, about);
  }
  if (agent === noAgent) {
    const first = names.find((name) => name !== scriptedAgent) ?? '<agent>';
    const choose = setting('defaultAgent', first, about);
    return `Install one where “gt up” runs, then choose it: ${choose}`;
  }
  const meant = near(agent, names)[0];
  if (meant === undefined) return 'See which agents are here: gt doctor';
  return known(about.bead)
    ? `Take the one that was meant: gt bead edit ${about.bead} --agent ${named(meant)}`
    : `Take the one that was meant: ${setting('defaultAgent', named(meant), about)}`;
}

type Missing = FailureOf<'agent_missing'>;

function startFailed(failure: FailureOf<'agent_start_failed'>): string {
  const agent = `The agent ${named(failure.agent)}`;
  const phase = PHASES[failure.phase];
  switch (failure.cause) {
    case 'exited':
      return `${agent} ended${howItEnded(failure)} ${phase}.`;
    case 'timeout':
      return `${agent} did not answer in time ${phase}.`;
    case 'protocol':
      return `${agent} answered with something that is not ACP, ${phase}.`;
    case 'login_needed':
      return `${agent} is not logged in on this machine.`;
    case 'tools_not_listed':
      return `${agent} did not ask for its tools, so it could not have handed in its work.`;
  }
}
