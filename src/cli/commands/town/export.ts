/**
 * `gt export`: everything the town knows, one JSON document a line.
 *
 * E1 Written beside its place and renamed: a file of that name is a whole export.
 * E2 An existing file is not replaced unless --force.
 * E3 One that breaks off says so and fails, also on stdout.
 * E4 A dry run reads the whole of it, and keeps its size.
 */
import { constants, createWriteStream, existsSync } from 'node:fs';
import { access, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { foretell } from '../../dry-run.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { failure, Interrupted, refused } from '../../problem.ts';
import type { Context } from '../../spec.ts';
import type { World } from '../../world.ts';

export interface ExportOptions {
  readonly file: string | undefined;
  readonly force: boolean;
  readonly dryRun: boolean;
}

export async function exportTown(context: Context, options: ExportOptions): Promise<ExitCode> {
  const { client, output, world } = context;
  const { file } = options;
  const path = file === undefined || file === '-' ? undefined : resolve(world.cwd, file);
  if (path !== undefined && existsSync(path) && !options.force) {
    throw refused('file_exists', `${path} exists`, 'an export would replace it', 'add --force');
  }
  if (path !== undefined) await mustBeWritable(path);
  const signal = world.interrupted; // as long as it takes
  const response = await client.send({ method: 'get', path: '/export', signal });
  if (response.body === null) return exitCodes.ok;
  if (options.dryRun) {
    const bytes = await sizeOf(world, response.body);
    const verb = `write ${kilobytes(bytes)} to ${path ?? 'standard output'}`;
    const would = { file: path ?? null, bytes };
    return foretell(output, { dryRun: true, would }, verb, []);
  }
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
    throw notWritten(path, thrown.message);
  }
  const { size: bytes } = await stat(path);
  output.result({ file: path, bytes }, () => [`${path}  ${kilobytes(bytes)}`]);
  return exitCodes.ok;
}

/** A rename would replace no folder. */
async function mustBeWritable(path: string): Promise<void> {
  try {
    await access(`${dirname(path)}/`, constants.W_OK);
  } catch (thrown) {
    throw notWritten(path, String(thrown));
  }
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory() === true) throw notWritten(path, 'a folder of that name is there');
}

/** E4 */
async function sizeOf(world: World, body: ReadableStream<Uint8Array>): Promise<number> {
  let bytes = 0;
  try {
    for await (const part of body) bytes += part.byteLength;
  } catch (thrown) {
    throw brokenOff(world, thrown);
  }
  return bytes;
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} KB`;
}

function notWritten(path: string, why: string): Error {
  return failure('not_written', `${path} could not be written`, why, 'name another place');
}

/** E3. Only the system's own errors are about the file. */
function brokenOff({ interrupted }: World, thrown: unknown): Error {
  if (interrupted.aborted) return new Interrupted();
  const said = `the answer of the town broke off: ${String(thrown)}`;
  return failure('export_cut', 'the export is not whole', said, 'run it again');
}
