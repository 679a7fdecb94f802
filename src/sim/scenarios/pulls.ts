/**
 * Pull requests when something goes wrong: opened once, watched honestly, merged safely.
 */
import { assert } from '../../core/assert.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import { journal } from '../../storage/tables/journal.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { httpError } from '../world/forge-errors.ts';
import { hintOf } from '../world/forge.ts';
import type { ForgeRules, Pull } from '../world/forge-pull.ts';
import { calm, scripted, type Scenario, settingsOf, type Stage } from './scenario.ts';

export const minute = 60_000;
const hour = 60 * minute;

const plain: ForgeRules = {
  provider: 'github',
  ci: false,
  required: false,
  readable: true,
  approvals: 0,
  queue: false,
  strict: false,
  webhooks: false,
};

const merging = settingsOf({ autoMerge: true, autoMergeDelayMinutes: 10 });

export const onForge = (
  autoMergeDelayMinutes = 0,
  rules: Partial<ForgeRules> = {},
  autoMerge = true,
) => {
  const settings = settingsOf({ autoMerge, autoMergeDelayMinutes });
  return { ...calm, rigs: [{ name: 'web', settings, forge: { ...plain, ...rules } }] };
};

const where = { provider: 'github', host: 'forge.example' } as const;
const outage = httpError(where, 503, 'server_error');
const malformed: PRStatusError = {
  ...where,
  kind: 'invalid_response',
  reason: 'json_parse',
  sampleKeys: [],
};

export const pullScenarios: readonly Scenario[] = [
  ...(['forge_answer_lost', 'forge_call_lost', 'crash_open_sent', 'crash_open_done'] as const).map(
    (kind) =>
      scripted({
        name: `opening meets ${kind} and opens one`,
        why: 'a retry after a lost answer opened a second pull request',
        options: onForge(),
        async script(stage) {
          stage.world.faults.force(kind);
          await landed(stage, await stage.sling('one'));
          stage.expect(stage.world.faults.counts[kind] === 1, `${kind} happened`);
          stage.expect(stage.world.forge.created.length === 1, 'one was opened');
        },
      }),
  ),
  ...(['forge_answer_lost', 'crash_merge_sent', 'crash_merge_done'] as const).map((kind) =>
    scripted({
      name: `merging meets ${kind} and merges once`,
      why: 'a lost answer of a merge left a merged change open',
      options: onForge(),
      async script(stage) {
        const id = await stage.sling('one');
        await stage.until(
          () => request(stage)?.stage === 'landing' || kind !== 'forge_answer_lost',
        );
        stage.world.faults.force(kind);
        await landed(stage, id);
        stage.expect(stage.world.faults.counts[kind] === 1, `${kind} happened`);
        const { history } = stage.world.git.remote('web');
        const merges = history.filter(({ by }) => by === 'forge').length;
        stage.expect(merges === 1, `${merges} merges`);
      },
    }),
  ),
  scripted({
    name: 'a push between the check and the merge is judged before it is merged',
    why: 'what was merged was not what had been evaluated',
    options: onForge(),
    async script(stage) {
      stage.world.faults.force('stranger_pushes_at_merge');
      await landed(stage, await stage.sling('one'));
      const answers = stage.world.forge.merges.map(({ answer }) => answer.is);
      stage.expect(answers.join(' ') === 'head_moved merged', answers.join(' '));
    },
  }),
  scripted({
    name: 'another bead’s commits on the branch are never merged',
    why: 'a pull request carried another task’s commits',
    options: onForge(30),
    async script(stage) {
      const id = await stage.sling('one');
      await opened(stage);
      const { git, forgePeople, forge } = stage.world;
      const [found] = forge.pulls();
      assert(found !== undefined, 'it is open');
      const patch = { id: 'web-99#1', owner: 'web-99', index: 1, paths: ['x'], breaks: [] };
      git.patch(patch);
      forgePeople.push(found.repo, found.pull, [found.pull.head], [patch.id]);
      await stage.until(() => failures(stage).includes('branch_contaminated'), 4_000);
      stage.expect(failures(stage).includes('branch_contaminated'), 'a person is asked');
      stage.expect(forge.merges.length === 0, 'nothing was merged');
      await stage.settle();
      stage.expect(stage.bead(id).resolution === 'dropped', 'people gave it up');
    },
  }),
  scripted({
    name: 'two outages and one malformed answer are no verdict',
    why: 'a shared counter took the third failure of different kinds for the limit of one kind',
    options: onForge(10),
    async script(stage) {
      const id = await stage.sling('one');
      await opened(stage);
      stage.world.forge.script.push(outage, outage, malformed);
      let blind = false;
      await stage.until(() => {
        blind ||= request(stage)?.unobservable !== null && request(stage) !== undefined;
        return stage.bead(id).status === 'closed';
      });
      stage.expect(!blind, 'it stayed observable');
      stage.expect(stage.bead(id).resolution === 'merged', `${id} is merged`);
    },
  }),
  scripted({
    name: 'alternating errors end, and nothing is dispatched',
    why: 'clearing the other bucket let alternating errors run for ever',
    options: onForge(120),
    async script(stage) {
      const id = await stage.sling('one');
      await opened(stage);
      const { forge, time } = stage.world;
      const since = time.now;
      for (let i = 0; i < 200; i += 1) forge.script.push(outage, malformed);
      await stage.until(() => isBlind(stage), 4_000);
      const tookMs = time.now - since;
      stage.expect(isBlind(stage) && tookMs < hour, `it took ${tookMs / minute} minutes`);
      await stage.until(() => time.now > since + 2 * hour, 4_000);
      stage.expect(stage.bead(id).attempts === 1, `${stage.bead(id).attempts} attempts`);
      forge.script.length = 0;
      await stage.until(() => !isBlind(stage), 4_000);
      stage.expect(!isBlind(stage), 'it heals by its probe');
      await landed(stage, id);
    },
  }),
  scripted({
    name: 'a week without a token dispatches nothing and heals at once',
    why: 'finished work was redone for as long as no token was there',
    options: onForge(60),
    async script(stage) {
      const id = await stage.sling('one');
      await opened(stage);
      const { forge, forgePeople, time, runner } = stage.world;
      await stage.ask({ kind: 'credential_remove', rig: null, origin: forge.origin });
      await stage.until(() => isBlind(stage));
      const before = { requests: forge.requests.length, started: runner.started, at: time.now };
      await stage.until(() => time.now > before.at + 7 * 24 * hour, 20_000);
      stage.expect(time.now > before.at + 7 * 24 * hour, 'a week went by');
      const asked = forge.requests.length - before.requests;
      stage.expect(asked <= 7 * 24 * 4 + 4, `${asked} reads in the week`);
      stage.expect(runner.started === before.started, 'nothing was dispatched');
      stage.expect(stage.bead(id).status === 'in_review', stage.bead(id).status);
      await stage.ask(forgePeople.credential('web', 'good', null));
      const set = time.now;
      await stage.until(() => !isBlind(stage));
      stage.expect(time.now - set < 5_000, `healed after ${time.now - set} ms`);
      await landed(stage, id);
    },
  }),
  scripted({
    name: 'a branch deleted before there was a pull request is published anew',
    why: 'the publish was tried for ever and nobody was asked (seeds 30051, 30422, 32416, 32896)',
    options: onForge(),
    async script(stage) {
      const { forge, git } = stage.world;
      forge.script.push(httpError(where, 403, 'forbidden'));
      const id = await stage.sling('one');
      await stage.until(() => failures(stage).includes('pr_poll_failed'));
      stage.world.time.after(5 * minute, () => undefined);
      const published = stage.world.time.now;
      await stage.until(() => stage.world.time.now >= published + 5 * minute);
      git.moveBranch(git.remote('web'), request(stage)?.branch ?? '', null);
      await stage.settle();
      stage.expect(stage.bead(id).resolution === 'merged', `${id} is ${stage.bead(id).status}`);
      stage.expect(forge.created.length === 1, 'one was opened');
    },
  }),
  scripted({
    name: 'gates that are set after a change had passed without any are run before it is merged',
    why: 'an approved change was merged by settings of before (seed 31064)',
    options: {
      ...calm,
      rigs: [{ name: 'web', settings: { ...merging, gates: [] }, forge: plain }],
    },
    async script(stage) {
      const id = await stage.sling('one');
      await opened(stage);
      const gate = { name: 'unit', command: 'make unit', timeoutMs: 600_000, retries: 0 };
      const set = { gates: [{ ...gate, required: true }] };
      await stage.ask({ kind: 'settings_set', rig: 'web', set, unset: [] });
      await landed(stage, id);
      const [done] = mergeRequests.select(stage.world.disk, 'order by number');
      stage.expect(done?.gates[0]?.result === 'passed', `${done?.gates.length} gates ran`);
    },
  }),
  scripted({
    name: 'a read that began before a reopen does not ask a second time',
    why: 'asked twice, a redo opened a second pull request beside the open one (seed 1267)',
    options: onForge(30),
    async script(stage) {
      const { forge, rows } = stage.world;
      const id = await stage.sling('one');
      const first = await opened(stage);
      const [found] = forge.pulls();
      assert(found !== undefined, 'it is open');
      forge.close(found.repo, first, 'ann');
      await stage.until(() => failures(stage).includes('pr_closed'));
      const [asked] = rows.read().openEscalations;
      forge.hint(hintOf('web', [first.number]));
      forge.slow.push(10_000);
      const { length } = forge.requests;
      await stage.until(() => forge.requests.length > length); // it was looked at, still closed
      const escalation = asked?.id ?? '';
      await stage.ask({ kind: 'escalation_resolve', escalation, answer: 'reopen' });
      await stage.until(() => first.state === 'open' && request(stage)?.forgeCall === null);
      await landed(stage, id);
      const asks = journal.of(stage.world.disk, 'merge_request', 'mr-1', 0, 1_000);
      const times = asks.filter(({ why }) => why === 'asks').length;
      stage.expect(times === 1, `it asked ${times} times`);
    },
  }),
  scripted({
    name: 'a round whose agent died starts again only when its pull request can be read',
    why: 'a token ran out during a round, and agents were sent to a pull request nobody saw',
    options: onForge(30),
    async script(stage) {
      const id = await stage.sling('one');
      const pull = await opened(stage);
      const { forge, forgePeople, faults, time } = stage.world;
      const [found] = forge.pulls();
      assert(found !== undefined, 'it is open');
      pull.comments.push({ id: 'T_1', bot: false, resolved: false, replies: [] });
      forge.changed(found.repo, pull);
      faults.force('agent_crash');
      await stage.until(() => stage.bead(id).attempts === 2);
      await stage.ask({ kind: 'credential_remove', rig: null, origin: forge.origin });
      await stage.until(() => isBlind(stage) && stage.bead(id).attempt === null);
      const since = time.now;
      await stage.until(() => time.now > since + 6 * hour, 4_000);
      stage.expect(faults.counts.agent_crash === 1, 'the agent of the round crashed');
      stage.expect(stage.bead(id).attempts === 2, `${stage.bead(id).attempts} attempts`);
      const [wait] = stage.bead(id).waits;
      stage.expect(wait?.reason === 'unobservable', `it waits for ${wait?.reason}`);
      await stage.ask(forgePeople.credential('web', 'good', null));
      pull.comments.length = 0;
      await stage.until(() => stage.bead(id).attempts === 3);
      await landed(stage, id);
    },
  }),
  scripted({
    name: 'convoy-retry-loop: one issue slung four times and retried opens one pull request',
    why: 'a retry loop opened four pull requests for one bug, with another task’s commits in one',
    options: onForge(30),
    async script(stage) {
      const { forge, rows } = stage.world;
      const slung: string[] = [];
      const sling = async (title: string) =>
        void slung.push(await stage.sling(title, [], false, 'Fixes #7'));
      await sling('fix the crash');
      const first = await opened(stage);
      await sling('fix the crash again');
      await stage.ask({ kind: 'bead_retry', bead: slung[0] ?? '', note: null });
      await sling('crash: fix it');
      const [found] = forge.pulls();
      assert(found !== undefined, 'it is open');
      forge.close(found.repo, first, 'ann');
      await stage.until(() => failures(stage).includes('pr_closed'));
      await sling('the crash is back');
      await stage.ask({ kind: 'bead_retry', bead: slung[0] ?? '', note: null });
      await stage.until(() => false, 300);
      stage.expect(forge.created.length === 1, `${forge.created.length} pull requests`);
      const [issue] = stage.bead(slung[0] ?? '').issues;
      for (const id of slung.slice(1)) {
        const { status, duplicate, waits, attempts } = stage.bead(id);
        const match = duplicate?.of === slung[0] && duplicate?.issue === issue;
        stage.expect(status === 'held' && match && attempts === 0, `${id} is ${status}`);
        stage.expect(waits[0]?.detail['because'] === 'duplicate', `${id} says why`);
      }
      const [asked] = rows.read().openEscalations;
      const escalation = asked?.id ?? '';
      await stage.ask({ kind: 'escalation_resolve', escalation, answer: 'reopen' });
      await stage.until(() => stage.bead(slung[0] ?? '').status === 'closed', 6_000);
      stage.expect(stage.bead(slung[0] ?? '').resolution === 'merged', 'the first is merged');
      await stage.until(() => false, 300);
      const still = slung.slice(1).map((id) => stage.bead(id).status);
      stage.expect(still.join() === 'held,held,held', `afterwards: ${still.join()}`);
      stage.expect(forge.created.length === 1, `${forge.created.length} pull requests ever`);
    },
  }),
  ...(['open', 'drop', 'again'] as const).map((answer) =>
    scripted({
      name: `somebody else’s pull request is open for its issue: ${answer}`,
      why: 'a second pull request was opened beside one that a person was at work on',
      options: onForge(),
      async script(stage) {
        const { forge, rows, git } = stage.world;
        const repo = [...forge.repos.values()].find(({ rig }) => rig === 'web');
        assert(repo !== undefined, 'it is there');
        const head = git.commit([repo.remote.tip], []);
        repo.remote.branches.set('ann/fix', head);
        const theirs = forge.create(repo, 'ann/fix', 'main', head, null);
        theirs.fixes = ['#7'];
        const id = await stage.sling('fix the crash', [], false, 'Fixes #7');
        await stage.until(() => failures(stage).includes('pr_rival'));
        await stage.until(() => false, 300);
        stage.expect(forge.created.length === 0, 'nothing is opened before somebody says so');
        stage.expect(stage.isWaiting(id), `${id} waits for a person`);
        const [asked] = rows.read().openEscalations;
        if (answer === 'again') forge.close(repo, theirs, 'ann');
        const order = { kind: 'escalation_resolve', escalation: asked?.id ?? '', answer } as const;
        await stage.ask(order);
        await stage.until(() => stage.bead(id).status === 'closed', 6_000);
        const { resolution } = stage.bead(id);
        const isLanded = answer !== 'drop';
        stage.expect(resolution === (isLanded ? 'merged' : 'dropped'), `${id} is ${resolution}`);
        stage.expect(forge.created.length === (isLanded ? 1 : 0), `${forge.created.length} opened`);
        await stage.settle();
      },
    }),
  ),
  scripted({
    name: 'closed by a person and asked to redo: one more, on a branch of its own',
    why: 'a retry loop opened one pull request after another',
    options: onForge(30),
    async script(stage) {
      const id = await stage.sling('one');
      const first = await opened(stage);
      const { forge, rows } = stage.world;
      const [found] = forge.pulls();
      assert(found !== undefined, 'it is open');
      forge.close(found.repo, first, 'ann');
      await stage.until(() => rows.read().openEscalations.length > 0);
      await stage.until(() => false, 200);
      stage.expect(forge.created.length === 1, 'nothing happens until somebody says what');
      const [asked] = rows.read().openEscalations;
      stage.expect(asked?.failure?.kind === 'pr_closed', `asks about ${asked?.failure?.kind}`);
      const escalation = asked?.id ?? '';
      await stage.ask({ kind: 'escalation_resolve', escalation, answer: 'redo' });
      await landed(stage, id);
      const branches = forge.pulls().map(({ pull }) => pull.branch);
      stage.expect(
        branches.length === 2 && branches[1] === `${branches[0]}-r2`,
        branches.join(', '),
      );
    },
  }),
];

export function request(stage: Stage): MergeRequest | undefined {
  return mergeRequests.select(stage.world.disk, 'order by number')[0];
}

function isBlind(stage: Stage): boolean {
  return (request(stage)?.unobservable ?? null) !== null;
}

export function failures(stage: Stage): readonly string[] {
  return stage.world.rows.read().openEscalations.map(({ failure }) => failure?.kind ?? '');
}

export async function opened(stage: Stage): Promise<Pull> {
  await stage.until(() => request(stage)?.pr === 'open');
  const [found] = stage.world.forge.pulls();
  assert(found !== undefined, 'a pull request was opened');
  return found.pull;
}

export async function landed(stage: Stage, id: string): Promise<void> {
  await stage.until(() => stage.bead(id).status === 'closed', 6_000);
  stage.expect(stage.bead(id).resolution === 'merged', `${id} is ${stage.bead(id).status}`);
  await stage.settle();
}
