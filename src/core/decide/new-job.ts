/**
 * A job's first row. Its number comes from the view, so the decision that makes it stays pure.
 */
import type { NextNumbers } from '../action.ts';
import { callId, jobId, type RigId } from '../ids.ts';
import type { Job, JobSpec } from '../job.ts';
import { localRunner } from '../runner.ts';
import type { Instant } from '../time.ts';

interface Scene {
  readonly now: Instant;
  readonly next: NextNumbers;
}

interface Wanted {
  readonly rig: RigId;
  /** The merge request or rig it is done for. */
  readonly subject: string;
  readonly spec: JobSpec;
}

export function newJob(scene: Scene, { rig, subject, spec }: Wanted): Job {
  const id = jobId(`job-${scene.next.job}`);
  return {
    id,
    kind: spec.kind,
    rig,
    subject,
    status: 'queued',
    spec,
    runner: localRunner,
    callId: callId(`${id}:1`),
    callDeadline: null,
    acceptedAt: null,
    deadline: null,
    tries: 0,
    notBefore: null,
    report: null,
    result: null,
    cancelAsked: false,
    waits: [],
    createdAt: scene.now,
    startedAt: null,
    endedAt: null,
    updatedAt: scene.now,
    parked: null,
  };
}
