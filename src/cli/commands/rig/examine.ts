/**
 * Waiting until the town has examined a repository.
 *
 * E1 The town's own deadlines end it; Ctrl-C ends only the waiting.
 */
import type { RigResource } from '../../../protocol/http.ts';
import { Interrupted } from '../../problem.ts';
import type { Context } from '../../spec.ts';

const LOOK_AGAIN_MS = 60;
const LOOK_AGAIN_MS_MAX = 1_000;

export async function examined({ client, world }: Context, rig: string): Promise<RigResource> {
  for (let pause = LOOK_AGAIN_MS; ; pause = Math.min(pause * 1.5, LOOK_AGAIN_MS_MAX)) {
    const seen = await client.get('/rigs/{rig}', { rig });
    if (!seen.probing) return seen;
    await world.sleep(pause, world.interrupted);
    if (world.interrupted.aborted) throw new Interrupted(); // E1
  }
}
