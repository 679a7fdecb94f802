/**
 * The body of a bead from wherever it was given: as an option, from a file, from stdin.
 *
 * T1 Read up to a limit above the town's own, so that the town says what its limit is; a larger
 *    one is refused here, before it is sent.
 */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { refused, usage } from './problem.ts';
import type { World } from './world.ts';

const BYTES_MAX = 512 * 1024;

/** undefined when no body was given. */
export async function bodyText(
  world: World,
  { body, bodyFile }: { readonly body: string | undefined; readonly bodyFile: string | undefined },
): Promise<string | undefined> {
  if (body !== undefined && bodyFile !== undefined) {
    throw usage('two bodies were given', 'both --body and --body-file are there', 'give one');
  }
  if (body === '-' || bodyFile === '-') return fromStdin(world);
  if (bodyFile !== undefined) return fromFile(resolve(world.cwd, bodyFile));
  if (body !== undefined && Buffer.byteLength(body) > BYTES_MAX) throw tooLarge('--body');
  return body;
}

async function fromStdin(world: World): Promise<string> {
  if (world.stdin.isTty) world.stderr.write('body, ended with Ctrl-D:\n');
  const { text, whole } = await world.stdin.readAll(BYTES_MAX);
  if (!whole) throw tooLarge('stdin');
  return text;
}

async function fromFile(file: string): Promise<string> {
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    if (size > BYTES_MAX) throw tooLarge(file);
    return await handle.readFile('utf8');
  } catch (thrown) {
    if (!(thrown instanceof Error) || !('code' in thrown)) throw thrown;
    throw usage(`the body cannot be read`, thrown.message, 'name a file that can be read');
  }
}

/** T1 */
function tooLarge(from: string): Error {
  return refused(
    'too_large',
    'the body is too large',
    `${from} has more than ${BYTES_MAX / 1024} KB`,
    'put the material into the repository and name it in the body',
  );
}
