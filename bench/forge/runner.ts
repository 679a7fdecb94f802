/**
 * A runner that does everything at once and successfully, but for what the forge can see: what it
 * publishes is there, and what it proves is what the forge's target holds.
 */
import { commitOf, type BeadId, type CallId, type JobId } from '../../src/core/ids.ts';
import type { JobResult, JobSpec } from '../../src/core/job.ts';
import { ok } from '../../src/core/result.ts';
import { EagerRunner } from '../../test/origin/runner.ts';
import { Machine, type Word } from '../../test/origin/world.ts';
import type { ForgeGround } from './ground.ts';
import type { Wire } from './wire.ts';

export class BenchRunner extends EagerRunner {
  readonly #ground: ForgeGround;
  readonly #wire: Wire;
  readonly #say: (word: Word) => void;

  constructor(ground: ForgeGround, wire: Wire, say: (word: Word) => void) {
    super(new Machine(), say, (bead) => headOf(ground, bead));
    this.#ground = ground;
    this.#wire = wire;
    this.#say = say;
  }

  override async startJob(callId: CallId, job: JobId, spec: JobSpec) {
    const done = (result: JobResult): void =>
      this.#say({ facts: [{ kind: 'job_done', job, callId, result }], heard: false });
    if (spec.kind === 'publish') {
      const { head, branch, rig } = spec;
      const publish = async (): Promise<void> => {
        await this.#ground.publish(nameIn(rig.remote), new Map([[branch, head]]));
        done({ kind: 'publish', answer: { is: 'published', head } });
      };
      this.#wire.watch(publish());
      return ok(undefined);
    }
    if (spec.kind === 'prove') {
      const { refs, defaultBranch } = this.#ground.repo(nameIn(spec.rig.remote));
      const targetTip = commitOf(refs.get(defaultBranch) ?? '');
      const [commit = targetTip] = spec.commits;
      done({ kind: 'prove', answer: { is: 'landed', commit, targetTip } });
      return ok(undefined);
    }
    return await super.startJob(callId, job, spec);
  }
}

function headOf(ground: ForgeGround, bead: BeadId) {
  const cut = bead.lastIndexOf('-');
  return ground.head(bead.slice(0, cut), Number(bead.slice(cut + 1)));
}

function nameIn(remote: string): string {
  return /\/([^/]+)\.git$/.exec(remote)?.[1] ?? '';
}
