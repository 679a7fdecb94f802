/**
 * `gt up`: start the town of this home. In the foreground the terminal shows what happens and
 * Ctrl-C stops it; with --detach it stays when the command ends.
 *
 * U1 "Up" is printed only when the town is ready. U2 A foreground town that ends by itself ends the
 *    command with its reason.
 */
import { journalEvents } from '../../events.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { eventLine, isMove } from '../../format.ts';
import { startHost, waitGone, type StartedHost } from '../../host-process.ts';
import { failure } from '../../problem.ts';
import type { Context } from '../../spec.ts';

const STOP_MS_MAX = 60_000;

export interface UpOptions {
  readonly detach: boolean;
  readonly port: number | undefined;
}

export async function up(context: Context, { detach, port }: UpOptions): Promise<ExitCode> {
  const { output, gastownHome } = context;
  const host = await startHost(context, { port });
  const { url, pid } = host.server;
  const document = { home: gastownHome, url, pid, log: host.log };
  if (detach) {
    host.child.unref();
    output.result(document, () => [`up at ${url} (home ${gastownHome})`, 'stop it with: gt down']);
    return exitCodes.ok;
  }
  if (output.json) output.streamed(document);
  else output.lines([`up at ${url} (home ${gastownHome}); Ctrl-C stops it`, '']);
  return foreground(context, host);
}

async function foreground(context: Context, host: StartedHost): Promise<ExitCode> {
  const { client, output, world } = context;
  const over = new AbortController();
  const code = new Promise<number | null>((done) => {
    host.child.on('exit', (status) => {
      over.abort();
      done(status);
    });
  });
  const until = AbortSignal.any([world.interrupted, over.signal]);
  const show = async (): Promise<void> => {
    for await (const entry of journalEvents(world, client, undefined, until)) {
      if (!output.json && entry.kind !== 'job' && isMove(entry))
        output.lines([eventLine(output, entry)]);
    }
  };
  await Promise.race([show().catch(() => {}), aborted(until)]); // the log is a courtesy
  if (!world.interrupted.aborted) return endedAlone(host, await code);
  output.note('stopping; agents save their work (Ctrl-C again: leave it to stop alone)');
  host.child.kill('SIGTERM');
  if (!(await waitGone(context, host.server.pid, STOP_MS_MAX))) host.child.kill('SIGKILL');
  output.note('stopped');
  return exitCodes.ok;
}

/** U2. Somebody's `gt down` is a good end. */
function endedAlone(host: StartedHost, code: number | null): ExitCode {
  if (code === 0) return exitCodes.ok;
  const how = code === null ? 'a signal' : `code ${code}`;
  throw failure(
    'host_ended',
    'the town ended',
    `its process ended with ${how}`,
    `read ${host.log}`,
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => {
    signal.addEventListener('abort', () => done(), { once: true });
  });
}
