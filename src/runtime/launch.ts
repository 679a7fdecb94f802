/**
 * From a workspace to an agent that is ready for its first prompt: found, started, greeted, given
 * a session whose tools our own side has seen it list, set to its model.
 *
 * L1 Every step has a deadline, and a failure names the step, its cause and the agent's own words.
 * L2 An agent tolerates dead tools in silence, so a session is ready only when our side saw them
 *    listed.
 * L3 Another model than the one asked for is a failure, not a detail.
 */
import type { Failure } from '../core/failure.ts';
import type { LaunchSpec } from '../core/launch-spec.ts';
import { limits } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Timers } from '../ports/host.ts';
import { within } from '../ports/within.ts';
import { AgentProcess } from './agent-process.ts';
import { AcpAgent, type AcpError, type AcpListener } from './harness/acp.ts';
import { isModel } from './harness/model-option.ts';
import { findAgent, knownAgents, type KnownAgent } from './harness/profiles.ts';
import type { RunnerNeeds, Spawned, Workspace } from './needs.ts';
import type { ToolGrant } from './tool-socket.ts';

export interface LaunchDeps {
  readonly spec: LaunchSpec;
  readonly needs: Pick<RunnerNeeds, 'containment' | 'findCommand'>;
  readonly timers: Timers;
  /** The program that runs the scripted agent. */
  readonly node: string;
  readonly listener: AcpListener;
  readonly onStderr: (text: string) => void;
}

export interface Started {
  readonly known: KnownAgent;
  readonly process: AgentProcess;
  readonly acp: AcpAgent;
  readonly spawned: Spawned;
}

type Phase = 'spawn' | 'initialize' | 'session' | 'tools';

/** Starts the process. Whoever gets one ends it. */
export async function startAgent(
  deps: LaunchDeps,
  workspace: Workspace,
): Promise<Result<Started, Failure>> {
  const { spec, needs } = deps;
  const found = findAgent(spec.agent, spec.profile, deps.node);
  if (found === null) return err(missing(spec.agent, ''));
  const known = withModel(found, spec.model);
  const command = await needs.findCommand(known.profile.command);
  if (command === null) return err(missing(spec.agent, known.profile.command));

  const { profile } = known;
  const spawned = await needs.containment.spawn({ spec, workspace, profile, command });
  if (!spawned.ok) return spawned;
  const process = new AgentProcess(spawned.value.child, deps.onStderr);
  const acp = new AcpAgent(process.stdin, process.stdout, deps.listener);
  return ok({ known, process, acp, spawned: spawned.value });
}

/** Answers with the model it says it uses. L1 L2 L3 */
export async function openSession(
  deps: LaunchDeps,
  started: Started,
  cwd: string,
  grant: ToolGrant,
): Promise<Result<string | null, Failure>> {
  const { acp, known } = started;
  const { timers, spec } = deps;
  const fail = (phase: Phase, error: AcpError | null): Promise<Result<never, Failure>> =>
    startFailure(deps, started, phase, error);

  const greeted = await within(acp.initialize(), limits.spawnMs, timers);
  if (greeted === null || !greeted.ok) return fail('initialize', greeted?.error ?? null);

  const { logins, modes } = known.quirks;
  const { url: toolsUrl, capability } = grant;
  const opening = acp.openSession({ cwd, toolsUrl, capability, logins, modes });
  const opened = await within(opening, limits.sessionMs, timers);
  if (opened === null || !opened.ok) return fail('session', opened?.error ?? null);

  const listed = Promise.race([grant.ready.then(() => true), started.process.ended]);
  const ready = await within(listed, limits.sessionMs, timers); // L2
  if (ready !== true) return fail('tools', null);

  if (spec.model === null) return ok(opened.value);
  return setModel(deps, started, spec.model, opened.value, fail);
}

async function setModel(
  deps: LaunchDeps,
  { acp, known }: Started,
  wanted: string,
  current: string | null,
  fail: (phase: Phase, error: AcpError | null) => Promise<Result<never, Failure>>,
): Promise<Result<string | null, Failure>> {
  if (current !== null && isModel(current, wanted)) return ok(current);
  const set = await within(acp.setModel(wanted), limits.sessionMs, deps.timers);
  if (set === null || !set.ok) return fail('session', set?.error ?? null);
  if (set.value === null && known.quirks.modelEnv !== null) return ok(wanted); // set at its start
  if (set.value !== null && isModel(set.value, wanted)) return ok(set.value);
  const got = set.value ?? 'the agent does not say';
  return err({ kind: 'model_mismatch', helps: 'person', agent: deps.spec.agent, wanted, got });
}

/** A closed connection is how an exit looks from here: the process says which it was. */
async function startFailure(
  deps: LaunchDeps,
  { process }: Started,
  phase: Phase,
  error: AcpError | null,
): Promise<Result<never, Failure>> {
  const timedOut = error === null && phase !== 'tools';
  const isAlive = timedOut || error?.cause === 'login_needed';
  const end = isAlive ? null : await within(process.ended, exitPatienceMs, deps.timers);
  const output = [error?.output ?? '', end?.startFailure?.message ?? '', process.lastWords]
    .filter((line) => line !== '')
    .join('\n');
  const base = {
    kind: 'agent_start_failed',
    agent: deps.spec.agent,
    exitCode: end?.exitCode ?? null,
    signal: end?.signal ?? null,
    output,
  } as const;
  if (end !== null) {
    const at = end.startFailure === null ? phase : 'spawn';
    // Killed, out of memory or broken: an exit alone does not tell. What cannot be run at all does.
    const helps = end.startFailure === null ? 'later' : 'person';
    return err({ ...base, helps, phase: at, cause: 'exited' });
  }
  if (error?.cause === 'login_needed') {
    return err({ ...base, helps: 'person', phase, cause: 'login_needed' });
  }
  if (phase === 'tools') return err({ ...base, helps: 'later', phase, cause: 'tools_not_listed' });
  const cause = timedOut ? 'timeout' : 'protocol';
  return err({ ...base, helps: timedOut ? 'later' : 'person', phase, cause });
}

/** How long a broken connection may be ahead of the exit that broke it. */
export const exitPatienceMs = 1000;

function missing(agent: string, command: string): Failure {
  return { kind: 'agent_missing', helps: 'person', agent, command, known: knownAgents() };
}

function withModel(known: KnownAgent, model: string | null): KnownAgent {
  const name = known.quirks.modelEnv;
  if (name === null || model === null) return known;
  const profile = { ...known.profile, env: { ...known.profile.env, [name]: model } };
  return { ...known, profile };
}
