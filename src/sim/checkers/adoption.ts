/**
 * Pull requests of other authors: taken on once and only if they can be; never closed, nor their
 * branches deleted, by the town; pushed to only where that was agreed to, and never in a fork; no
 * agent works at one that is its author's to repair; and a bead whose pull request another one
 * took the place of is merged by that one alone.
 */
import { attemptId, beadOfAttempt } from '../../core/ids.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import type { Told } from '../world/people.ts';
import { type Checker, granted, type Look } from './checker.ts';

export function adoption(): Checker {
  const seen = { told: 0, written: 0, pushed: new Map<string, number>() };
  return {
    name: 'adoption',
    cheap: false,
    look(look) {
      const { world } = look;
      if (world.forge.repos.size === 0) return;
      const { told } = world.people;
      for (const one of told.slice(seen.told)) accepted(look, one);
      seen.told = told.length;
      const { written } = world.forge;
      for (const { pull, what } of written.slice(seen.written)) {
        const isOver = what.do === 'close' || what.do === 'delete_branch';
        if (isOver && pull.trailer === null) look.fail(`${what.do} of ${name(pull)}, not ours`);
      }
      seen.written = written.length;
      for (const remote of world.git.remotes()) {
        const from = seen.pushed.get(remote.rig) ?? 0;
        seen.pushed.set(remote.rig, remote.pushed.length);
        for (const { branch } of remote.pushed.slice(from)) pushedTo(look, remote.rig, branch);
      }
      worked(look);
      merged(look);
    },
  };
}

/** What the town said yes to could be said yes to by what it was shown. */
function accepted({ world, fail }: Look, { command, answer }: Told): void {
  if (!answer.ok) return;
  const { snapshot, ref } = command;
  const { number } = ref;
  if (snapshot.state !== 'open') fail(`${ref.url} was ${snapshot.state} and was taken on`);
  if (snapshot.baseBranch !== 'main') fail(`${ref.url} goes into ${snapshot.baseBranch}`);
  const found = world.forge.pulls().find(({ pull }) => pull.number === number);
  if (found?.pull.author === null) fail(`${ref.url} is the town's own and was taken on`);
  const all = mergeRequests.select(world.disk, 'where pr_number = ?', number);
  const kept = all.filter(({ stage }) => stage !== 'abandoned');
  const beads = new Set(kept.map(({ bead }) => bead));
  if (beads.size > 1) fail(`${ref.url} was taken on for ${[...beads].join(' and ')}`);
  const wrong = found !== undefined && all.find(({ rig }) => rig !== found.repo.rig);
  if (wrong) fail(`${ref.url} was taken on by ${wrong.rig}`);
}

function pushedTo({ world, fail }: Look, rig: string, branch: string): void {
  if (branch.includes(':')) fail(`${branch} of a fork was pushed to`);
  const theirs = world.forge.pulls().filter(({ repo, pull }) => {
    return repo.rig === rig && pull.author !== null && pull.branch === branch;
  });
  for (const { pull } of theirs) {
    const row = requestOf(world.disk, rig, pull.number);
    if (row?.repairs !== true) fail(`${branch} of ${name(pull)} was pushed to, nobody agreed`);
  }
}

function worked({ rows, fresh, fail }: Look): void {
  const started = granted(fresh).map((id) => beadOfAttempt(attemptId(id)));
  for (const { bead, adopted, repairs } of rows.liveRequests) {
    if (adopted && !repairs && started.includes(bead)) {
      fail(`${bead} got an attempt, its author was to go on`);
    }
  }
}

/** Its request names the one that it is merged by, whichever it began with. */
function merged({ world, rows, fresh, fail }: Look): void {
  const closed = fresh.filter(({ kind, why }) => kind === 'bead' && why === 'merged');
  for (const { id } of closed) {
    const bead = rows.beads.find((one) => one.id === id);
    const row = mergeRequests.select(world.disk, 'where id = ?', bead?.mergeRequest ?? '')[0];
    if (row?.adopted !== true || bead?.proof === null) continue;
    const pull = world.forge.pulls().find((one) => one.pull.number === row.prNumber)?.pull;
    const by = bead?.proof.commit;
    if (pull?.state !== 'merged' || (pull.mergeCommit !== by && pull.head !== by)) {
      fail(`${id} says merged by ${by}, #${row.prNumber} is ${pull?.state ?? 'gone'}`);
    }
  }
}

function requestOf(disk: Look['world']['disk'], rig: string, number: number) {
  const all: readonly MergeRequest[] = mergeRequests.select(disk, 'where pr_number = ?', number);
  return all.find((one) => one.rig === rig);
}

function name({ rig, number }: { readonly rig: string; readonly number: number }): string {
  return `${rig}#${number}`;
}
