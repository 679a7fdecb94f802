/**
 * Pull requests that the town did not open, and repositories that go elsewhere: taken on, left
 * alone, put in the place of a closed one, pointed at another branch.
 */
import { assert } from '../../core/assert.ts';
import { escalations } from '../../storage/tables/escalations.ts';
import { journal } from '../../storage/tables/journal.ts';
import { elsewhere, type Pull, target } from '../world/forge-pull.ts';
import { hintOf } from '../world/forge.ts';
import type { Found } from '../world/outsiders.ts';
import { failures, landed, minute, onForge, opened, request } from './pulls.ts';
import { scripted, type Scenario, type Stage } from './scenario.ts';

export const outsiderScenarios: readonly Scenario[] = [
  ...[true, false].map((isFork) =>
    scripted({
      name: `an adopted one ${isFork ? 'from a fork' : 'of a branch'} is judged and merged`,
      why: 'its author goes on with it meanwhile, and what they push is judged anew',
      options: onForge(10),
      async script(stage) {
        const found = theirs(stage, isFork);
        const id = await adopt(stage, found, false);
        await stage.until(() => request(stage)?.stage === 'approved');
        const { git, forge } = stage.world;
        const { outsiders } = stage.world;
        outsiders.move(found, git.commit([found.pull.head], [outsiders.patch()]));
        await landed(stage, id);
        stage.expect(stage.world.runner.started === 0, 'no agent was started');
        stage.expect(forge.merges.at(-1)?.expectedHead === found.pull.head, 'the last head');
        stage.expect(forge.created.length === 0, 'none was opened');
      },
    }),
  ),
  scripted({
    name: 'an adopted one that cannot be read before it was brought in is unobservable',
    why: 'it was read every two minutes for ever, and only its branch was blamed (seed 82021)',
    options: onForge(10),
    async script(stage) {
      const { forge, forgePeople, git, outsiders, time } = stage.world;
      const found = theirs(stage, false);
      const id = await adopt(stage, found, false);
      outsiders.move(found, git.commit([found.pull.head], [outsiders.patch()]));
      await stage.ask({ kind: 'credential_remove', rig: null, origin: forge.origin });
      await stage.until(() => request(stage)?.unobservable !== null, 4_000);
      stage.expect(request(stage)?.stage === 'queued', 'it was not brought in');
      const before = { at: time.now, reads: forge.requests.length };
      await stage.until(() => time.now > before.at + 300 * minute, 4_000);
      const reads = forge.requests.length - before.reads;
      stage.expect(reads <= 24, `${reads} reads in five hours`);
      const [wait] = request(stage)?.waits ?? [];
      stage.expect(wait?.reason === 'unobservable', `it waits for ${wait?.reason}`);
      await stage.ask(forgePeople.credential('web', 'good', null));
      await landed(stage, id);
    },
  }),
  scripted({
    name: 'one that was pointed at another branch is merged only when it is pointed back',
    why: 'it was merged into a branch nobody had judged it for (seeds 81014, 81113)',
    options: onForge(10),
    async script(stage) {
      const id = await stage.sling('one');
      const found = ours(stage, await opened(stage));
      const { forge, outsiders, time } = stage.world;
      outsiders.retarget(found, elsewhere);
      const since = time.now;
      await stage.until(() => time.now > since + 120 * minute, 4_000);
      stage.expect(forge.merges.length === 0, 'nothing was merged');
      const [wait] = request(stage)?.waits ?? [];
      stage.expect(wait?.detail['because'] === 'retargeted', `it waits for ${wait?.reason}`);
      outsiders.retarget(found, target);
      await landed(stage, id);
    },
  }),
  scripted({
    name: 'one that was merged into another branch is told of once, and may be given up',
    why: 'its proof was looked for for ever, nobody was told, and its bead could not be closed',
    options: onForge(30),
    async script(stage) {
      const id = await stage.sling('one');
      await mergedElsewhere(stage);
      const since = stage.world.time.now;
      await stage.until(() => stage.world.time.now > since + 300 * minute, 4_000);
      const told = escalations.select(stage.world.disk, 'order by id');
      const kinds = told.map(({ failure }) => failure?.kind).join();
      stage.expect(kinds === 'pr_merged_elsewhere', `told of ${kinds}`);
      const reason = 'not wanted there';
      await stage.ask({ kind: 'bead_close', bead: id, resolution: 'dropped', reason });
      await stage.until(() => stage.bead(id).status === 'closed');
      stage.expect(stage.bead(id).resolution === 'dropped', `${id} is ${stage.bead(id).status}`);
      stage.expect(failures(stage).length === 0, 'nobody is asked any more');
    },
  }),
  scripted({
    name: 'one that was merged into another branch lands when that branch does',
    why: 'a release branch is merged into its target in the end',
    options: onForge(30),
    async script(stage) {
      const id = await stage.sling('one');
      const { repo } = await mergedElsewhere(stage);
      const { git } = stage.world;
      const { tip, branches } = repo.remote;
      const next = branches.get(elsewhere) ?? tip;
      git.push(repo.remote, git.commit([tip, next], []), tip, 'stranger');
      await landed(stage, id);
      stage.expect(failures(stage).length === 0, 'nobody is asked any more');
    },
  }),
  scripted({
    name: 'the author of one that took the place of ours may rewrite it',
    why: 'a person was asked about a branch that “this town did not make”, which was true of it',
    options: onForge(10),
    async script(stage) {
      const id = await stage.sling('one');
      const first = ours(stage, await opened(stage));
      const { forge, git, outsiders, rows } = stage.world;
      forge.close(first.repo, first.pull, 'ann');
      await stage.until(() => failures(stage).includes('pr_closed'));
      const found = theirs(stage, false);
      const [asked] = rows.read().openEscalations;
      const seen = outsiders.seen(found);
      assert(asked !== undefined && seen !== null, 'a person was asked, and it can be read');
      await stage.ask({ kind: 'mr_supersede', escalation: asked.id, ...seen });
      await stage.until(() => request(stage)?.stage === 'approved');
      outsiders.move(found, git.commit([first.repo.remote.tip], [outsiders.patch()]));
      await stage.until(() => stage.bead(id).status === 'closed', 6_000);
      stage.expect(stage.bead(id).resolution === 'merged', `${id} is ${stage.bead(id).status}`);
      const { pull } = found;
      stage.expect(stage.bead(id).proof?.commit === pull.mergeCommit, 'by the other one');
      stage.expect(first.pull.state === 'closed', 'the first stays closed');
    },
  }),
  scripted({
    name: 'a read of the one whose place was taken says nothing about the one that took it',
    why: 'the closed one was merged meanwhile, and its merge closed the bead (seed 83134)',
    options: onForge(10),
    async script(stage) {
      const id = await stage.sling('one');
      const first = ours(stage, await opened(stage));
      const { forge, outsiders, rows } = stage.world;
      forge.close(first.repo, first.pull, 'ann');
      await stage.until(() => failures(stage).includes('pr_closed'));
      const found = theirs(stage, false);
      const [asked] = rows.read().openEscalations;
      const seen = outsiders.seen(found);
      assert(asked !== undefined && seen !== null, 'a person was asked, and it can be read');
      stage.world.time.advance(stage.world.time.now + 5_000);
      forge.reopen(first.repo, first.pull);
      forge.mergeNow(first.repo, first.pull, 'merge', 'bob');
      forge.slow.push(10_000);
      const { length } = forge.requests;
      forge.hint(hintOf('web', [first.pull.number]));
      await stage.until(() => forge.requests.length > length);
      await stage.ask({ kind: 'mr_supersede', escalation: asked.id, ...seen });
      await stage.until(() => stage.bead(id).status === 'closed', 6_000);
      const { proof, resolution } = stage.bead(id);
      stage.expect(resolution === 'merged', `${id} is ${stage.bead(id).status}`);
      stage.expect(proof?.commit === found.pull.mergeCommit, 'by the one that took its place');
    },
  }),
  scripted({
    name: 'a reopen that the forge refuses asks again, and says why',
    why: 'a branch that is gone cannot be opened again, whatever was answered',
    options: onForge(30),
    async script(stage) {
      const id = await stage.sling('one');
      const { repo, pull } = ours(stage, await opened(stage));
      const { git, rows, faults } = stage.world;
      git.moveBranch(repo.remote, pull.branch, null);
      await stage.until(() => failures(stage).includes('pr_closed'));
      const escalation = rows.read().openEscalations[0]?.id ?? '';
      await stage.ask({ kind: 'escalation_resolve', escalation, answer: 'reopen' });
      await stage.until(() => failures(stage).includes('pr_refused'));
      stage.expect(faults.counts.forge_reopen_refused === 1, 'it was asked once');
      const again = rows.read().openEscalations[0]?.id ?? '';
      await stage.ask({ kind: 'escalation_resolve', escalation: again, answer: 'redo' });
      await landed(stage, id);
    },
  }),
  scripted({
    name: 'what could not be read where a rig moved away from is announced as over',
    why: 'its failure was announced, and its end was not (seed 81085)',
    options: onForge(30),
    async script(stage) {
      const id = await stage.sling('one');
      await opened(stage);
      const { forge, forgePeople, outsiders, rows } = stage.world;
      await stage.ask({ kind: 'credential_remove', rig: null, origin: forge.origin });
      await stage.until(() => request(stage)?.unobservable !== null);
      const [rig] = rows.read().rigs;
      assert(rig?.forge !== null && rig !== undefined, 'it is on a forge');
      const path = 'moved/web';
      const move = {
        kind: 'rig_move',
        rig: 'web',
        remote: `https://git.example/${path}.git`,
        lends: null,
        target,
        forge: { ...rig.forge, path },
        createTargetFrom: null,
        is: 'another',
        leavePulls: true,
        consent: true,
      } as const;
      await stage.ask(move);
      outsiders.moved(move);
      const told = journal.of(stage.world.disk, 'merge_request', 'mr-1', 0, 1_000);
      const words = told.map(({ why }) => why).filter((why) => why.startsWith('pr.poll'));
      stage.expect(words.join() === 'pr.poll_failed,pr.poll_resumed', words.join());
      await stage.ask(forgePeople.credential('web', 'good', null));
      await landed(stage, id);
      stage.expect(forge.created.length === 2, `${forge.created.length} were opened`);
    },
  }),
];

function ours(stage: Stage, pull: Pull): Found {
  const found = stage.world.forge.pulls().find((one) => one.pull === pull);
  assert(found !== undefined, 'it is open');
  return found;
}

function theirs({ world }: Stage, isFork: boolean): Found {
  const repo = world.forge.repos.get('web');
  const found = repo === undefined ? null : world.outsiders.open(repo, target, isFork);
  assert(found !== null, 'an author opened one');
  return found;
}

async function adopt(stage: Stage, found: Found, fixes: boolean): Promise<string> {
  const seen = stage.world.outsiders.seen(found);
  assert(seen !== null, 'it can be read');
  const id = await stage.ask({ kind: 'mr_adopt', rig: 'web', fixes, ...seen });
  assert(id !== null, 'it was taken on');
  return id;
}

async function mergedElsewhere(stage: Stage): Promise<Found> {
  const found = ours(stage, await opened(stage));
  const { forge, outsiders } = stage.world;
  outsiders.retarget(found, elsewhere);
  forge.mergeNow(found.repo, found.pull, 'merge', 'ann');
  await stage.until(() => failures(stage).includes('pr_merged_elsewhere'));
  return found;
}
