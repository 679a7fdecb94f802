/**
 * `gt forge webhook`: where a forge sends its deliveries, and a new secret for them.
 *
 * W1 The secret is shown this once; asking again makes another and voids this one.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import type { Context } from '../../spec.ts';

export async function webhook(
  { client, output }: Context,
  { rig }: { readonly rig: string },
): Promise<ExitCode> {
  const made = await client.post('/rigs/{rig}/webhook', { rig }, {});
  output.result(made, () => [
    ...output.fields([
      ['address', made.url],
      ['secret', made.secret],
      ['content type', made.contentType],
      ['events', 'pull requests, reviews, comments, checks, statuses, pushes'],
    ]),
    '',
    'This town listens on this machine only: a forge elsewhere needs a tunnel to that address.',
    'The secret is shown this once; asking again makes another.', // W1
  ]);
  return exitCodes.ok;
}
