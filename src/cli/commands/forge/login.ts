/**
 * `gt forge login` and `gt forge logout`.
 *
 * L1 The token is read from standard input or from the terminal, unseen, the key of an app from its
 *    file; neither is in an argument, an environment or an output.
 * L2 What it may do is shown; one that may not read ends with 1.
 */
import { canAsk } from '../../ask.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { Interrupted, usage } from '../../problem.ts';
import type { CredentialResource } from '../../../protocol/http.ts';
import type { Context } from '../../spec.ts';
import { lookLines } from './look.ts';

const TOKEN_BYTES_MAX = 20_000;

export interface Place {
  readonly rig: string | undefined;
  readonly url: string | undefined;
}

/** `cli`: the town's CLI token. */
interface TokenPlace extends Place {
  readonly cli: boolean;
}

export async function login(
  context: Context,
  { rig, url, cli, fromStdin }: TokenPlace & { readonly fromStdin: boolean },
): Promise<ExitCode> {
  const { client, output, world } = context;
  const token = await tokenFrom(context, fromStdin);
  const body = { token, url: url ?? null };
  const saved =
    rig === undefined
      ? await client.put('/credentials', {}, { ...body, cli })
      : await client.put('/rigs/{rig}/credentials', { rig }, body);
  const { credential, look, changed } = saved;
  output.result(saved, () => {
    const who = credential.login === null ? '' : ` as ${credential.login}`;
    const kept = `${changed ? 'saved' : 'as it was'}${cli ? ' as the CLI token' : ''}`;
    return [
      `${credential.mask}  ${kept}, for ${rig ?? 'every rig'} at ${credential.origin}${who}`,
      ...(look === null ? unseen(credential) : lookLines(output, look, world.now())),
    ];
  });
  return look !== null && look.failure !== null ? exitCodes.failure : exitCodes.ok; // L2
}

/** L2. No rig is there yet, and the forge did not say whose token it is. */
function unseen({ login, origin }: CredentialResource): readonly string[] {
  if (login !== null) return [];
  return [`  ${origin} did not say whose it is: it shows when a rig is added there, gt rig add`];
}

export async function logout(
  { client, output }: Context,
  { rig, url, cli, app }: TokenPlace & { readonly app: boolean },
): Promise<ExitCode> {
  const left = app
    ? await withoutApp(client, { rig, url })
    : rig === undefined
      ? await client.delete('/credentials', {}, { url, cli: cli ? 'true' : undefined })
      : await client.delete('/rigs/{rig}/credentials', { rig }, { url });
  output.result(left, () => [
    'forgotten',
    ...left.items.map((one) => {
      const name = 'mask' in one ? one.mask : `the app ${one.name}`;
      return `still there: ${name} for ${one.origin}`;
    }),
  ]);
  return exitCodes.ok;
}

async function withoutApp(client: Context['client'], { rig, url }: Place) {
  return rig === undefined
    ? await client.delete('/apps', {}, { url })
    : await client.delete('/rigs/{rig}/apps', { rig }, { url });
}

/** L1 */
async function tokenFrom(context: Context, fromStdin: boolean): Promise<string> {
  const { world, output } = context;
  if (!fromStdin && canAsk(context)) {
    const typing = world.stdin.readSecret(world.interrupted); // unseen before it is asked for
    output.ask('token: ');
    const typed = await typing;
    output.ask('\n');
    if (typed === undefined || world.interrupted.aborted) throw new Interrupted();
    return checked(typed);
  }
  if (!fromStdin && world.stdin.isTty) {
    throw usage('nobody can be asked for the token', '', 'give it with --token-stdin');
  }
  const { text, whole } = await world.stdin.readAll(TOKEN_BYTES_MAX);
  if (!whole) throw usage('that is no token', `more than ${TOKEN_BYTES_MAX} bytes`, 'give one');
  return checked(text);
}

function checked(text: string): string {
  const token = text.trim();
  if (token !== '') return token;
  throw usage('no token was given', 'the input is empty', 'gt forge login --help');
}
