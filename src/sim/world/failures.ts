/**
 * The failures the modelled runner reports, with the fields a real one fills.
 */
import type { Failure } from '../../core/failure.ts';
import { limits } from '../../core/limits.ts';

export function unreachable(rig: string): Failure {
  return {
    kind: 'remote_unreachable',
    helps: 'later',
    remote: `model:${rig}`,
    cause: 'timeout',
    output: 'timed out',
  };
}

export function pushRefused(rig: string, helps: 'later' | 'person'): Failure {
  return {
    kind: 'push_refused',
    helps,
    remote: `model:${rig}`,
    ref: 'refs/heads/main',
    cause: helps === 'person' ? 'protected' : 'hook',
    output: 'denied',
  };
}

export function setupFailed(): Failure {
  return {
    kind: 'setup_failed',
    helps: 'person',
    name: 'install',
    command: 'make deps',
    exitCode: 1,
    signal: null,
    timedOut: false,
    output: 'no such package',
  };
}

export function spawnFailed(agent: string): Failure {
  return {
    kind: 'agent_start_failed',
    helps: 'later',
    agent,
    phase: 'initialize',
    cause: 'exited',
    exitCode: 1,
    signal: null,
    output: 'boom',
  };
}

export function agentCrashed(agent: string): Failure {
  return {
    kind: 'agent_crashed',
    helps: 'later',
    agent,
    exitCode: null,
    signal: 'SIGSEGV',
    output: 'core dumped',
  };
}

export function agentIdle(agent: string): Failure {
  return { kind: 'agent_idle', helps: 'later', agent, lastWords: 'all done!' };
}

export function agentTimedOut(agent: string): Failure {
  const { quietStopMs } = limits;
  return {
    kind: 'agent_timed_out',
    helps: 'later',
    agent,
    quietMs: quietStopMs,
    limitMs: quietStopMs,
  };
}

export function conflict(target: string, files: readonly string[]): Failure {
  return { kind: 'conflict', helps: 'later', target, files };
}

export function jobFailed(job: string, output: string): Failure {
  return { kind: 'job_failed', helps: 'later', job, step: 'git', output };
}
