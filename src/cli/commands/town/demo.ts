/**
 * `gt demo`: runs the demonstration of this checkout, the same as `npm run demo`.
 *
 * D1 It runs in a process of its own, in a home of its own: the town of this home is not touched.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import type { Context } from '../../spec.ts';

export async function demo(
  { output, world }: Context,
  { keep, forge }: { readonly keep: boolean; readonly forge: boolean },
): Promise<ExitCode> {
  const script = fileURLToPath(new URL('../../../../tools/demo.ts', import.meta.url));
  const flags = [
    ...(output.json ? ['--json'] : []),
    ...(keep ? ['--keep'] : []),
    ...(forge ? ['--forge'] : []),
  ];
  const child = spawn(
    world.node.path,
    ['--disable-warning=ExperimentalWarning', script, ...flags],
    { stdio: 'inherit', env: world.env, cwd: world.cwd },
  );
  world.interrupted.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
  const code = await new Promise<number | null>((done, fail) => {
    child.on('error', fail);
    child.on('exit', done);
  });
  if (world.interrupted.aborted) return exitCodes.interrupted;
  return code === 0 ? exitCodes.ok : exitCodes.failure;
}
