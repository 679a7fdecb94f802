/**
 * What `gt doctor` sees of the running town: health, runners with their agents and isolation, the
 * dispatcher, and every rig.
 *
 * T1 A town that does not run is a note, not a failure of the machine.
 */
import { healthOf } from '../../host-process.ts';
import { Stop } from '../../problem.ts';
import { readServer } from '../../server-file.ts';
import type { Context } from '../../spec.ts';
import type { Check } from './doctor.ts';

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

async function insideChecks({ client }: Context): Promise<readonly Check[]> {
  const seen = await client.get('/status', {});
  const runners = seen.runners.flatMap((runner): readonly Check[] => {
    const found = runner.agents.length === 0 ? 'none' : runner.agents.join(', ');
    return [
      {
        name: 'runner',
        state: runner.status === 'lost' ? 'failed' : 'ok',
        says: `${runner.id} ${runner.status}, ${runner.live} of ${runner.capacity} agents at work`,
        next: runner.status === 'lost' ? 'gt down, then gt up' : '',
      },
      {
        name: 'agents',
        state: runner.agents.length === 0 ? 'note' : 'ok',
        says: `found: ${found}`,
        next:
          runner.agents.length === 0
            ? 'install an agent, or configure one: gt config set agents'
            : '',
      },
      {
        name: 'isolation',
        state: runner.isolation === 'strong' ? 'ok' : 'note',
        says: [runner.isolation, runner.isolationNote ?? ''].join(' ').trim(),
        next: '',
      },
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
