/**
 * P1: a bead is `closed: merged` only with a proof whose commit is in the target, and a dependent
 * starts only after every blocker's proof.
 */
import type { Bead } from '../../core/bead.ts';
import { beadOfAttempt, attemptId } from '../../core/ids.ts';
import { isByPerson } from '../world/forge-people.ts';
import { type Checker, granted, type Look } from './checker.ts';

/** Said here once more: a checker does not believe the code it checks. */
function isProved(bead: Bead): boolean {
  return bead.status === 'closed' && bead.resolution === 'merged' && bead.proof !== null;
}

export function mergedMeansDone(): Checker {
  return {
    name: 'merged_means_done',
    cheap: false,
    look(look) {
      proofs(look);
      dependents(look);
    },
  };
}

function proofs({ world, rows, fail }: Look): void {
  for (const bead of rows.beads) {
    if (bead.resolution !== 'merged') continue;
    if (!isProved(bead) || bead.proof === null) {
      fail(`${bead.id} says merged without a proof`);
      continue;
    }
    const remote = world.git.remote(bead.rig);
    const { commit, targetTip } = bead.proof;
    if (!world.git.isAncestor(commit, targetTip)) {
      fail(`${bead.id}: ${commit} is not in ${targetTip}, its own evidence`);
    }
    if (!world.git.isAncestor(targetTip, remote.tip)) {
      fail(`${bead.id}: ${targetTip} never was the target of ${remote.rig}`);
    }
    const pulls = world.forge.mergedPulls(bead.id);
    const pull = pulls.find(({ mergeCommit, head: at }) => commit === mergeCommit || commit === at);
    if (bead.proof.by === 'forge' && pull === undefined) {
      fail(`${bead.id}: the forge never made ${commit}`);
    }
    // A person merges what is there then, and a queue what it was given: what was handed in since
    // is not in it, and somebody is told so. What an author's takes the place of is not in that.
    const isTheirs =
      pull !== undefined && (pull.author !== null || isByPerson(pull) || pull.mergedBy === 'queue');
    const head = isTheirs ? pull.head : bead.submission?.head;
    if (head === undefined || bead.reverts !== null) continue;
    const content = world.git.get(commit).patches;
    const missing = [...world.git.get(head).patches].filter((patch) => !content.has(patch));
    if (missing.length > 0) fail(`${bead.id}: the proof lacks ${missing.join(', ')}`);
  }
}

function dependents({ rows, fresh, fail }: Look): void {
  for (const id of granted(fresh)) {
    const bead = beadOfAttempt(attemptId(id));
    for (const pair of rows.dependencies) {
      if (pair.bead !== bead) continue;
      const blocker = rows.beads.find((other) => other.id === pair.blocker);
      if (blocker !== undefined && !isProved(blocker)) {
        fail(`${id} was granted while ${blocker.id} is ${blocker.status}`);
      }
    }
  }
}
