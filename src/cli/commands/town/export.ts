/**
 * `gt export`: everything the town knows, one JSON document a line.
 *
 * E1 Written beside its place and renamed: a file of that name is a whole export.
 * E2 An existing file is not replaced unless --force.
 * E3 One that breaks off says so and fails, also on stdout.
 */
import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { failure, Interrupted, refused } from '../../problem.ts';
import type { Context } from '../../spec.ts';
import type { World } from '../../world.ts';

export interface ExportOptions {
  readonly file: string | undefined;
  readonly force: boolean;
}

export async function exportTown(context: Context, options: ExportOptions): Promise<ExitCode> {
  const { client, output, world } = context;
  const { file } = options;
  const path = file === undefined || file === '-' ? undefined : resolve(world.cwd, file);
  if (path !== undefined && existsSync(path) && !options.force) {
    throw refused('file_exists', `${path} exists`, 'an export would replace it', 'add --force');
  }
  const signal = world.interrupted; // as long as it takes
  const response = await client.send({ method: 'get', path: '/export', signal });
  if (response.body === null) return exitCodes.ok;
  if (path === undefined) {
    const decoder = new TextDecoder();
    try {
      for await (const bytes of response.body) output.raw(decoder.decode(bytes, { stream: true }));
    } catch (thrown) {
      throw brokenOff(world, thrown);
    }
    return exitCodes.ok;
  }
  const partial = `${path}.partial-${world.token()}`;
  try {
    await pipeline(
      Readable.from(response.body),
      createWriteStream(partial, { flags: 'wx', mode: 0o600 }),
    );
    await rename(partial, path); // E1
  } catch (thrown) {
    await rm(partial, { force: true });
    if (!(thrown instanceof Error) || !('syscall' in thrown)) throw brokenOff(world, thrown);
    const what = `${path} could not be written`;
    throw failure('not_written', what, thrown.message, 'name another place');
  }
  const { size: bytes } = await stat(path);
  output.result({ file: path, bytes }, () => [`${path}  ${Math.ceil(bytes / 1024)} KB`]);
  return exitCodes.ok;
}

/** E3. Only the system's own errors are about the file. */
function brokenOff({ interrupted }: World, thrown: unknown): Error {
  if (interrupted.aborted) return new Interrupted();
  const said = `the answer of the town broke off: ${String(thrown)}`;
  return failure('export_cut', 'the export is not whole', said, 'run it again');
}
