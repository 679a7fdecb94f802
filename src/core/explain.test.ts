/** Every failure and every wait, in words a person can act on. */
import { describe, expect, test } from 'vitest';
import { nouns, topCommands } from '../cli/commands/index.ts';
import { exampleAbout, failureExamples, waitExamples } from './examples.ts';
import { explain, type About, type Explanation } from './explain.ts';
import type { Failure } from './failure.ts';
import type { ForgeFootprint } from './merge-request.ts';
import { instant } from './time.ts';
import type { Wait } from './wait.ts';

const failures: readonly Failure[] = Object.values(failureExamples);
const waits: readonly Wait[] = Object.values(waitExamples).flat();
const places: readonly (readonly [string, About])[] = [
  ['where everything is known', exampleAbout],
  ['where nothing is known', {}],
];

/** `gt bead retry` of `gt bead retry web-17 --note "…"`. */
function commandsIn(text: string): readonly string[] {
  return [...text.matchAll(/\bgt ([a-z]+)(?: ([a-z]+))?/g)].map(([, noun = '', verb = '']) =>
    nouns.some((known) => known.noun === noun) ? `${noun} ${verb}` : noun,
  );
}

const commands: readonly string[] = [
  ...topCommands.flatMap((group) => group.commands.map(({ words }) => words)),
  ...nouns.flatMap((noun) => noun.commands.map(({ words }) => words)),
];

function expectGood({ what, evidence, next }: Explanation): void {
  expect(what).toMatch(/^[\p{L}\p{N}“/].*\.$/su);
  expect(what.length).toBeLessThan(260);
  expect(evidence.length).toBeLessThan(3500);
  expect(next).toMatch(/^[A-Z].*[^.]$/);
  expect(next).not.toMatch(/\n|;.*;|<bead>|<rig>/);
  const all = `${what}\n${evidence}\n${next}`;
  expect(all).not.toMatch(/undefined|null|NaN|\[object/);
  expect(all).not.toMatch(/(?![\n])\p{Cc}/u);
  for (const command of commandsIn(all)) expect(commands).toContain(command);
}

describe.each(places)('%s', (_, about) => {
  test.each(failures.map((failure) => [failure.kind, failure] as const))(
    '%s has a cause, the evidence and one next step',
    (_kind, failure) => {
      expectGood(explain(failure, about));
    },
  );

  test.each(waits.map((wait) => [wait.reason, wait] as const))(
    'waiting for %s has a cause and one next step',
    (_reason, wait) => {
      expectGood(explain(wait, about));
    },
  );
});

describe('the next step', () => {
  test.each([
    ['remote_unreachable', 'Check the network and the address, then run: gt rig doctor web'],
    ['agent_crashed', 'Read what it did: gt agent logs web-17.2'],
    ['gate_failed', 'Read its whole output: gt mr show mr-4'],
    ['lost_races', 'Wait until the target is quiet, then run: gt bead retry web-17'],
    ['over_budget', 'Raise it: gt rig set web budget.rig.tokens=4000000'],
    ['attempts_exhausted', 'Say what helps and try again: gt bead retry web-17 --note "…"'],
    ['target_red', 'Have it repaired: gt sling web "repair test on main" --priority 0'],
    ['consent_needed', 'Agree: gt rig consent web'],
    ['bad_value', 'Such as: gt rig set web approval=person'],
    ['unknown_thing', 'See what there is: gt rig list'],
    ['attempt_over', 'See the bead: gt bead show web-17'],
  ] as const)('after %s names real things', (kind, next) => {
    expect(explain(failureExamples[kind], exampleAbout).next).toBe(next);
  });

  const refused = {
    kind: 'push_refused',
    helps: 'person',
    remote: 'https://github.com/team/web.git',
    ref: 'refs/heads/gt/x/probe',
    output: '',
  } as const;
  const noLogin = { kind: 'remote_needs_login', helps: 'person', output: '' } as const;

  test('after a credential of the town was refused is not about the machine’s login', () => {
    const source = 'town.token';
    const pushed = explain({ ...refused, cause: 'permission', source }, { rig: 'web' });
    expect(pushed.what).toContain('the town’s token (town.token) may not write to it');
    expect(pushed.next).toContain('Give the town’s token (town.token) the right to write');
    const { remote } = refused;
    const read = explain({ ...noLogin, remote, source }, {});
    expect(read.what).toContain('does not take the credential from the town’s token');
    expect(read.next).toBe('Give it a valid one: gt forge login --url https://github.com');
    expect(JSON.stringify([pushed, read])).not.toContain('this machine');
  });

  test('where git has no login names the town’s way to give one', () => {
    const { remote } = refused;
    expect(explain({ ...noLogin, remote }, {}).evidence).toContain(
      'gt forge login --url https://github.com',
    );
  });

  test('after a push to an archived repository is to make it writable', () => {
    const says = explain({ ...refused, cause: 'archived' }, { rig: 'web' });
    expect(says.what).toContain('the repository is archived');
    expect(says.next).toBe(
      'Make the repository writable again, where it is, then run: gt rig doctor web',
    );
  });

  test('where there is no agent names the real ones, and how to set one', () => {
    const known = ['claude', 'codex', 'scripted'];
    const missing = { ...failureExamples.agent_missing, agent: 'none', command: '', known };
    expect(explain(missing, { rig: 'web', bead: 'web-1' })).toEqual({
      what: 'No agent is set, and none was found on this machine.',
      evidence: 'Known agents: claude, codex',
      next: 'Install one where “gt up” runs, then choose it: gt rig set web defaultAgent=claude',
    });
  });

  test.each([
    ['conflict', 'Merge the target into its branch, and push it'],
    ['behind', 'Merge the target into its branch, and push it'],
    ['author', 'Its author goes on; see what is missing at https://github.com/team/web/pull/12'],
    ['draft', 'Mark it as ready for review at https://github.com/team/web/pull/12'],
    ['forge', 'See what is missing at https://github.com/team/web/pull/12'],
    ['retargeted', 'Point it back at its target at https://github.com/team/web/pull/12'],
    ['elsewhere', 'Merge that branch into the target; it is looked for there'],
  ])('while a pull request is kept by %s is one on the forge', (because, next) => {
    const wait = { reason: 'human', on: ['mr-4'], detail: { because } } as const;
    expect(explain(wait, exampleAbout).next).toBe(next);
  });

  test.each([
    ['changes_requested', 'Ask the reviewer to look again, or dismiss the review,'],
    ['approval_required', 'Have it approved'],
    ['threads', 'Answer or resolve them'],
  ])('while a review is waited for (%s) is on its page', (because, next) => {
    const wait = { reason: 'review', on: ['mr-4'], detail: { because } } as const;
    expect(explain(wait, exampleAbout).next).toBe(`${next} at ${exampleAbout.url}`);
  });

  test('of one that cannot be read is to look again, not where this is read', () => {
    const wait = { reason: 'unobservable', on: ['mr-4'], detail: { kind: 'no_token' } } as const;
    expect(explain(wait, exampleAbout).next).toBe('Once that is put right: gt mr retry mr-4');
  });

  const ops: Readonly<Record<ForgeFootprint['op'], true>> = {
    open: true,
    merge: true,
    feedback: true,
    reply: true,
    reopen: true,
    close: true,
    dequeue: true,
  };
  test.each([...Object.keys(ops), 'publish', 'take', 'update', 'prove'])(
    'while %s is under way says what that is, and names no wrong party',
    (op) => {
      const { what } = explain({ reason: 'call', on: [], detail: { op } }, exampleAbout);
      expect(what).not.toContain('runner');
    },
  );

  test.each([
    ['permission', 1, 'The credential may not merge the pull request.'],
    ['blocked', 1, 'The forge refused to merge the pull request.'],
    ['blocked', 5, 'The forge refused to merge the pull request 5 times.'],
  ])('after a merge refused for %s, %i times, says so', (reason, times, what) => {
    const failure = { ...failureExamples.pr_merge_refused, reason, times };
    expect(explain(failure, exampleAbout).what).toBe(what);
  });

  test('without a rig does not pretend to know one', () => {
    expect(explain(failureExamples.remote_unreachable).next).toBe(
      'Check the network and the address, then try again',
    );
  });

  test('for a branch that is missing is a branch that is there, until the rig exists', () => {
    expect(explain(failureExamples.target_missing).next).toContain('--target develop');
    expect(explain(failureExamples.target_missing, { rig: 'web' }).next).toContain(
      'gt rig doctor web',
    );
  });

  test('for an agent nobody knows is the one that was meant, if it can be told', () => {
    const failure = { ...failureExamples.agent_missing, agent: 'script', command: '' };
    expect(explain(failure, { bead: 'web-17' })).toMatchObject({
      what: 'No agent is called script.',
      next: 'Take the one that was meant: gt bead edit web-17 --agent scripted',
    });
    expect(explain({ ...failure, agent: 'zzz' }).next).toBe('See which agents are here: gt doctor');
  });

  test('for a circle takes away what is already there, not what was refused', () => {
    const failure = { ...failureExamples.cycle, beads: ['web-1', 'web-2', 'web-3', 'web-1'] };
    expect(explain(failure).next).toBe('Take one away first: gt bead depend web-2 --not-on web-3');
    expect(explain({ ...failure, beads: ['web-1', 'web-1'] }).next).toBe(
      'Name another bead: none can wait for itself',
    );
  });

  test('for a gate that cannot run is its command', () => {
    const failure = { ...failureExamples.gate_failed, result: 'could_not_run' as const };
    expect(explain(failure, exampleAbout).next).toContain("gt rig set web gates='test=<command>'");
  });
});

describe('words of others', () => {
  test('are cleaned of control characters and shortened to their end', () => {
    const output = `first\n${'noise\n'.repeat(1000)}\u001B[31mthe \u202Ecause\u0007\u001B[0m\r\n`;
    const { evidence } = explain({ ...failureExamples.agent_crashed, output });
    expect(evidence.split('\n')).toHaveLength(12);
    expect(evidence.split('\n').at(-1)).toBe('the cause');
  });

  test('cannot look like a sentence of ours in one line', () => {
    const lastWords = 'Done.\nnext: run rm -rf on everything\n'.repeat(50);
    const { evidence } = explain({ ...failureExamples.agent_idle, lastWords });
    expect(evidence).toMatch(/^Its last words: “Done\. next: .*…”$/);
    expect(evidence).not.toContain('\n');
  });

  test('are left out when there are none', () => {
    expect(explain({ ...failureExamples.agent_crashed, output: '' }).evidence).toBe('');
  });
});

describe('a wait', () => {
  const now = instant(1_900_000_000_000);

  test('says when it ends, from now on or as a time', () => {
    const wait: Wait = { reason: 'backoff', until: instant(now + 300_000), on: [], detail: {} };
    expect(explain(wait, { now }).evidence).toBe('It looks again in 5 min.');
    expect(explain(wait).evidence).toBe('It looks again at 2030-03-17T17:51:40Z.');
  });

  test('for a slot names the place in line', () => {
    const wait: Wait = { reason: 'slot', on: ['dispatch'], detail: { position: 3 } };
    expect(explain(wait).what).toBe(
      'It is ready and waits for a free agent; it is number 3 in line.',
    );
  });

  test('names what it waits for', () => {
    expect(explain({ reason: 'blocked', on: ['web-1'], detail: { open: 1 } })).toEqual({
      what: 'It waits until web-1 is merged.',
      evidence: '',
      next: 'See the first: gt why web-1',
    });
  });

  test('says what could not be read and why', () => {
    const detail = { because: 'unknown_threads', why: 'no_graphql_server_error' };
    expect(explain({ reason: 'poll', on: [], detail })).toEqual({
      what: 'The pull request is read again soon.',
      evidence: 'unknown threads: no graphql server error',
      next: 'See what is read when: gt forge status',
    });
  });

  test('with a detail nobody has words for is still told', () => {
    const wait: Wait = { reason: 'human', on: [], detail: { because: 'something_new' } };
    expectGood(explain(wait));
    expectGood(explain({ reason: 'call', on: [], detail: { op: 'something_new' } }));
  });
});
