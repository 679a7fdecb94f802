/**
 * Every setting changes something, shown at the decision that reads it: what comes out with the
 * default, and with another value. The compiler asks for a row for each key.
 */
import { expect, test } from 'vitest';
import {
  attemptView,
  attemptWith,
  beadView,
  beadWith,
  candidateOf,
  commit,
  dispatchView,
  doneJob,
  endedAttempt,
  gateWith,
  reportOf,
  requestView,
  requestWith,
  rigWith,
  submissionOf,
  townWith,
} from '../../test/fixtures/views.ts';
import {
  row,
  type Effect,
  type OfHosts,
  type OfPulls,
} from '../../test/fixtures/setting-effects.ts';
import type { Action, Plan } from './action.ts';
import { noUsage, type Usage } from './attempt.ts';
import { decideAttempt } from './decide/attempt.ts';
import { decideBead } from './decide/bead.ts';
import { decideDispatch } from './decide/dispatch.ts';
import { decideMergeRequest } from './decide/merge-request.ts';
import { attemptId } from './ids.ts';
import type { JobSpec } from './job.ts';
import { buildLaunchSpec } from './launch.ts';
import type { LaunchSpec } from './launch-spec.ts';
import { branchOf } from './names.ts';
import { resolveSettings } from './setting-definitions.ts';
import type { SettingKey, Settings } from './settings.ts';

const b = commit('b');
const spent: Usage = { inputTokens: 600, outputTokens: 400, usd: 2 };
const profile = { name: 'mine', command: 'my-agent', args: [], env: {}, loginFiles: [] };
const install = { name: 'install', command: 'npm ci', timeoutMs: 1000, cacheKeyFiles: [] };
const ada = { name: 'Ada', email: 'ada@example.com' };
const gateFailed = {
  kind: 'gate_failed',
  helps: 'no',
  gate: 'test',
  command: 'npm test',
  result: 'failed',
  exitCode: 1,
  output: '',
} as const;

const effects: { readonly [K in Exclude<SettingKey, OfPulls | OfHosts>]: Effect<K> } = {
  defaultAgent: row('claude', launched('agent'), 'codex', 'claude'),
  defaultModel: row('large-1', launched('model'), null, 'large-1'),
  agents: row([profile], (settings) => launch(settings, 'mine').profile, null, profile),
  mergeMethod: row('squash', methodOfNewRequest, 'merge', 'squash'),
  approval: row('person', afterGates, 'landing', 'human'),
  setup: row([install], launched('setup'), [], [install]),
  gates: row([gateWith()], gatesRun, 'gates_passed', 'npm test'),
  gateFreshness: row('clean_merge', reportsKept, 0, 1),
  maxPolecatsPerRig: row(3, grantsBesideTwo, 0, 1),
  maxDispatchAttempts: row(2, afterSecondCrash, 'open', 'failed'),
  maxFeedbackRounds: row(1, afterSecondRedGate, 'open', 'failed'),
  'budget.bead.tokens': row(1000, stopped, null, 'stop_budget'),
  'budget.bead.usd': row(2, stopped, null, 'stop_budget'),
  'budget.rig.tokens': row(1000, stopped, null, 'stop_budget'),
  'budget.rig.usd': row(2, stopped, null, 'stop_budget'),
  'budget.town.tokens': row(1000, stopped, null, 'stop_budget'),
  'budget.town.usd': row(2, stopped, null, 'stop_budget'),
  'isolation.require': row(
    'strong',
    (settings) => isolations(settings, 'require'),
    [null, null],
    ['strong', 'strong'],
  ),
  'isolation.network': row(
    'model-and-loopback',
    (settings) => isolations(settings, 'network'),
    ['open', 'open'],
    ['model-and-loopback', 'model-and-loopback'],
  ),
  'git.author': row(ada, (settings) => signatures(settings, 'author'), [null, null], [ada, ada]),
  'git.signoff': row(
    true,
    (settings) => signatures(settings, 'signoff'),
    [false, false],
    [true, true],
  ),
  branchPrefix: row('agents', branch, 'gt/abcd/web-1/hi', 'agents/abcd/web-1/hi'),
  customInstructions: row('Be brief.', told('Be brief.'), false, true),
  envVars: row({ CI: 'yes' }, environments, [{}, {}], [{ CI: 'yes' }, { CI: 'yes' }]),
};

test.each(Object.entries(effects))('%s changes what happens', (key, effect) => {
  expect(effect.of(resolveSettings({}, {})), 'with the default').toEqual(effect.usual);
  const set = resolveSettings({ [key]: effect.value }, {});
  expect(effect.of(set), 'when it is set').toEqual(effect.changed);
});

function launch(settings: Settings, agent: string | null = null): LaunchSpec {
  const bead = beadWith({ agent });
  const rows = { town: townWith(), rig: rigWith(), bead, number: 1 };
  return buildLaunchSpec({ ...rows, settings, defaultAgent: 'codex' });
}

function launched(key: keyof LaunchSpec): (settings: Settings) => unknown {
  return (settings) => launch(settings)[key];
}

function told(words: string): (settings: Settings) => boolean {
  return (settings) => launch(settings).prompt.includes(words);
}

function methodOfNewRequest(settings: Settings): unknown {
  const attempt = attemptWith({ status: 'stopping', submitted: submissionOf(b) });
  const bead = { status: 'in_progress', attempt: attempt.id, base: commit('a') } as const;
  const { actions } = decideBead(beadView(bead, { attempt, settings }));
  for (const action of actions) {
    if (action.do === 'insert' && action.entity === 'merge_request') return action.row.method;
  }
  return null;
}

/** `landing`, or what it waits for. */
function afterGates(settings: Settings): unknown {
  const plan = decideMergeRequest(
    requestView({ stage: 'approved', slot: true, candidate: candidateOf(b) }, { settings }),
  );
  const waiting = requestView({ stage: 'approved', candidate: candidateOf(b) }, { settings });
  return whyOf(plan) === 'landing' ? 'landing' : decideMergeRequest(waiting).waits[0]?.reason;
}

/** The command of the gate that is run, or that there was none to run. */
function gatesRun(settings: Settings): unknown {
  const gating = { stage: 'gating', slot: true, candidate: candidateOf(b) } as const;
  const plan = decideMergeRequest(requestView(gating, { settings }));
  const [spec] = jobsOf(plan);
  return spec?.kind === 'gate' ? spec.gate.command : whyOf(plan);
}

/** How many reports stand after the target moved elsewhere. */
function reportsKept(settings: Settings): unknown {
  const candidate = candidateOf(b);
  const built = { is: 'built', candidate, reused: false, overlap: false } as const;
  const job = doneJob('build', { kind: 'build', answer: built });
  const old = { candidate: candidateOf(b, commit('d')), gates: [reportOf()] };
  const view = requestView({ slot: true, job: job.id, ...old }, { job, settings });
  for (const action of decideMergeRequest(view).actions) {
    if (action.do !== 'update' || action.entity !== 'merge_request') continue;
    return action.set.gates?.length;
  }
  return null;
}

function grantsBesideTwo(settings: Settings): unknown {
  const line = { rig: rigWith({ live: 2 }), settings, first: beadWith({ ready: true }) };
  const { actions } = decideDispatch(dispatchView({}, { lines: [line] }));
  return actions.filter((action) => action.do === 'insert' && action.entity === 'attempt').length;
}

function afterSecondCrash(settings: Settings): unknown {
  const attempt = endedAttempt('crashed');
  const bead = {
    status: 'in_progress',
    attempt: attempt.id,
    base: commit('a'),
    charged: 1,
  } as const;
  return statusOf(decideBead(beadView(bead, { attempt, settings })));
}

function afterSecondRedGate(settings: Settings): unknown {
  const mergeRequest = requestWith({ stage: 'changes_requested', failures: [gateFailed] });
  const bead = {
    status: 'in_review',
    mergeRequest: mergeRequest.id,
    submission: submissionOf(b),
    rounds: { gate: 1 },
  } as const;
  return statusOf(decideBead(beadView(bead, { mergeRequest, settings })));
}

/** Everybody has spent 1,000 tokens and two dollars. */
function stopped(settings: Settings): unknown {
  const bead = beadWith({
    status: 'in_progress',
    attempt: attemptId('web-1.1'),
    usage: spent,
  });
  const who = { bead, rig: rigWith({ usage: spent }), town: townWith({ usage: spent }) };
  return whyOf(decideAttempt(attemptView({ usage: noUsage }, { ...who, settings })));
}

/** Of agents and of gates. */
function isolations(settings: Settings, key: 'require' | 'network'): unknown {
  const spec = gateSpec(settings);
  return [launch(settings).isolation[key], spec.isolation[key]];
}

function environments(settings: Settings): unknown {
  return [launch(settings).env, gateSpec(settings).env];
}

/** Of agents and of the system's own commits. */
function signatures(settings: Settings, key: 'author' | 'signoff'): unknown {
  const [spec] = jobsOf(decideMergeRequest(requestView({ slot: true }, { settings })));
  return [launch(settings)[key], spec?.kind === 'build' ? spec[key] : undefined];
}

function branch(settings: Settings): string {
  const { id: bead } = beadWith();
  return branchOf({ prefix: settings.branchPrefix, tag: 'abcd', bead, title: 'Hi' });
}

function gateSpec(settings: Settings): Extract<JobSpec, { kind: 'gate' }> {
  const gated = { ...settings, gates: [gateWith()] };
  const gating = { stage: 'gating', slot: true, candidate: candidateOf(b) } as const;
  const [spec] = jobsOf(decideMergeRequest(requestView(gating, { settings: gated })));
  if (spec?.kind !== 'gate') throw new Error('a gate is run');
  return spec;
}

function jobsOf({ actions }: Plan): readonly JobSpec[] {
  return actions.flatMap((action) =>
    action.do === 'insert' && action.entity === 'job' ? [action.row.spec] : [],
  );
}

function whyOf({ actions }: Plan): string | null {
  const update = actions.find(
    (action): action is Extract<Action, { do: 'update' }> => action.do === 'update',
  );
  return update?.why ?? null;
}

function statusOf({ actions }: Plan): unknown {
  for (const action of actions) {
    if (action.do === 'update' && action.entity === 'bead') return action.set.status;
  }
  return null;
}
