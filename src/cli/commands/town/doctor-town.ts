/**
 * What `gt doctor` sees of the running town: health, runners with their agents and isolation, the
 * dispatcher, and every rig.
 *
 * T1 A town that does not run is a note, not a failure of the machine.
 * T2 Below `strong` it says what an agent could reach. (docs/decisions/006-isolation.md)
 */
import type { StatusResource } from '../../../protocol/http.ts';
import { healthOf } from '../../host-process.ts';
import { Stop } from '../../problem.ts';
import { readServer } from '../../server-file.ts';
import type { Context } from '../../spec.ts';
import type { Check } from './doctor.ts';

/** Built in; it only follows a script, so it is no agent to work with. */
const SCRIPTED = 'scripted';

export async function townChecks(context: Context): Promise<readonly Check[]> {
  const server = await readServer(context.gastownHome);
  if (typeof server === 'string') {
    return [{ name: 'server', state: 'note', says: `not running: ${server}`, next: 'gt up' }]; // T1
  }
  const health = await healthOf(server);
  if (typeof health === 'string' || !health.ready) {
    const says = typeof health === 'string' ? `${server.url}: ${health}` : `it is ${health.phase}`;
    return [{ name: 'server', state: 'failed', says, next: 'gt down --now, then gt up' }];
  }
  const says = `${server.url}, process ${server.pid}, version ${health.version}`;
  const up: Check = { name: 'server', state: 'ok', says, next: '' };
  try {
    return [up, ...(await insideChecks(context))];
  } catch (thrown) {
    if (!(thrown instanceof Stop)) throw thrown;
    const { what, evidence, next } = thrown.problem;
    return [up, { name: 'api', state: 'failed', says: `${what}\n${evidence}`, next }];
  }
}

async function insideChecks(context: Context): Promise<readonly Check[]> {
  const { client } = context;
  const seen = await client.get('/status', {});
  const runners = seen.runners.flatMap((runner): readonly Check[] => {
    const found = runner.agents.filter((agent) => agent !== SCRIPTED);
    return [
      {
        name: 'runner',
        state: runner.status === 'lost' ? 'failed' : 'ok',
        says: `${runner.id} ${runner.status}, ${runner.live} of ${runner.capacity} agents at work`,
        next: runner.status === 'lost' ? 'gt down, then gt up' : '',
      },
      {
        name: 'agents',
        state: found.length === 0 ? 'note' : 'ok',
        says:
          found.length === 0
            ? `none found on the PATH of gt up; ${SCRIPTED} only follows a script`
            : `found: ${found.join(', ')}`,
        next:
          found.length === 0
            ? "install one, or name one that speaks ACP: gt config set agents 'mine=my-agent --acp'"
            : '',
      },
      isolationCheck(runner, context.gastownHome),
    ];
  });
  const [wait] = seen.dispatch.status === 'granting' ? [] : seen.dispatch.waits;
  const breaker: readonly Check[] =
    wait === undefined
      ? []
      : [
          {
            name: 'dispatch',
            state: 'failed',
            says: `${wait.what}\n${wait.evidence}`,
            next: wait.next,
          },
        ];
  const rigs = await Promise.all(
    seen.rigs.map(async ({ id }): Promise<Check> => {
      const answer = await client.get('/rigs/{rig}/doctor', { rig: id });
      const failed = answer.checks.find(({ passed }) => !passed);
      if (failed === undefined) {
        return {
          name: `rig ${id}`,
          state: 'ok',
          says: `${answer.checks.length} checks passed`,
          next: '',
        };
      }
      const says = `${failed.what}\n${failed.evidence}`.trim();
      return { name: `rig ${id}`, state: 'failed', says, next: failed.next };
    }),
  );
  return [...runners, ...breaker, ...rigs];
}

type RunnerView = StatusResource['runners'][number];

/** T2 */
function isolationCheck({ isolation, isolationNote }: RunnerView, home: string): Check {
  const name = 'isolation';
  if (isolation === 'strong') return { name, state: 'ok', says: isolation, next: '' };
  const says = [
    `${isolation}: ${isolationNote ?? 'nothing better is offered here'}`,
    'An agent, a gate or a setup step could reach:',
    '- every file you can read, such as ~/.ssh, ~/.config/gh and other logins',
    `- the town itself, with the token in ${home}`,
    '- your other processes, and what is in their environments',
    'It is given none of these, and the network is open to it as it is to you.',
  ].join('\n');
  const next =
    process.platform === 'linux'
      ? 'make “bwrap --ro-bind / / --unshare-all true” work here, then: gt down, gt up'
      : 'to start nothing at this level: gt config set isolation.require strong';
  return { name, state: 'note', says, next };
}
