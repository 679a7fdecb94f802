/**
 * `gt export`: everything the town knows, one JSON document a line.
 *
 * E1 Written beside its place and renamed: a file of that name is a whole export.
 * E2 An existing file is not replaced unless --force.
 */
import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { failure, refused } from '../../problem.ts';
import type { Context } from '../../spec.ts';

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
  const response = await client.send({ method: 'get', path: '/export' });
  if (response.body === null) return exitCodes.ok;
  if (path === undefined) {
    const decoder = new TextDecoder();
    for await (const bytes of response.body) output.raw(decoder.decode(bytes, { stream: true }));
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
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    throw failure('not_written', `${path} could not be written`, said, 'name another place');
  }
  const { size: bytes } = await stat(path);
  output.result({ file: path, bytes }, () => [`${path}  ${Math.ceil(bytes / 1024)} KB`]);
  return exitCodes.ok;
}
