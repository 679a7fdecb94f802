/**
 * `gt forge login --app-id …`: an app instead of a token.
 *
 * A1 The key is read from a file, or from standard input with `-`; no output has it.
 * A2 Pinning is a setting of the rig: nothing but this app is used there from then on.
 */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { oneLine } from '../../output.ts';
import { usage } from '../../problem.ts';
import type { Context } from '../../spec.ts';
import { lookLines } from './look.ts';
import type { Place } from './login.ts';

const KEY_BYTES_MAX = 20_000;

export interface AppLogin extends Place {
  readonly appId: string;
  readonly installation: number | undefined;
  readonly keyFile: string | undefined;
  readonly pin: boolean;
}

export async function loginApp(context: Context, asked: AppLogin): Promise<ExitCode> {
  const { client, output, world } = context;
  const { rig, url, appId, installation, pin } = asked;
  if (pin && rig === undefined) throw usage('a pin is a rig’s', '--pin', 'name it with --rig');
  const key = await keyFrom(context, asked.keyFile);
  const body = { appId, installation: installation ?? null, key, url: url ?? null };
  const saved =
    rig === undefined
      ? await client.put('/apps', {}, body)
      : await client.put('/rigs/{rig}/apps', { rig }, body);
  const { app } = saved;
  if (pin && rig !== undefined) {
    const set = { 'credentials.pinnedTo': app.name };
    await client.patch('/rigs/{rig}/settings', { rig }, { set, unset: [] }); // A2
  }
  const pinned = pin ? `, and nothing else is used there` : '';
  output.result({ ...saved, pinned: pin }, () => [
    `app ${app.name}  saved, for ${rig ?? 'every rig'} at ${app.origin}${pinned}`,
    `  key ${oneLine(app.key)}`,
    ...(saved.look === null ? [] : lookLines(output, saved.look, world.now())),
  ]);
  return saved.look !== null && saved.look.failure !== null ? exitCodes.failure : exitCodes.ok;
}

/** A1 */
async function keyFrom({ world }: Context, file: string | undefined): Promise<string> {
  if (file === undefined) {
    throw usage('no key was given', '', 'name the file GitHub gave you with --key-file');
  }
  const path = resolve(world.cwd, file);
  const { text, whole } =
    file === '-' ? await world.stdin.readAll(KEY_BYTES_MAX) : await readKeyFile(path);
  if (whole && text.trim() !== '') return text;
  const size = whole ? 'it is empty' : `it has more than ${KEY_BYTES_MAX / 1000} KB`;
  throw usage('that is no key', size, 'give the file GitHub gave you');
}

async function readKeyFile(path: string): Promise<{ text: string; whole: boolean }> {
  try {
    await using handle = await open(path);
    const { size } = await handle.stat();
    if (size > KEY_BYTES_MAX) return { text: '', whole: false };
    return { text: await handle.readFile('utf8'), whole: true };
  } catch (thrown) {
    if (!(thrown instanceof Error) || !('code' in thrown)) throw thrown;
    throw usage('the key cannot be read', thrown.message, 'name a file that can be read');
  }
}
