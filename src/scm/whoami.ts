/**
 * Asks a forge whose token this is, before there is a repository to look at.
 *
 * W1 Only the forge's own no is a refusal: an outage, or a token that may do everything but say
 *    its name, leaves the question open.
 */
import { z } from 'zod';
import type { Secret } from '../core/secret.ts';
import { bindToken, leaseOf } from './credentials.ts';
import { request, type ForgeDoor } from './http.ts';
import type { ForgeBinding } from './lease.ts';

export type WhoAmI =
  | { readonly is: 'login'; readonly login: string }
  | { readonly is: 'refused'; readonly status: number }
  | { readonly is: 'not_told' };

export async function whoAmI(
  door: ForgeDoor,
  forge: ForgeBinding,
  secret: Secret,
): Promise<WhoAmI> {
  const lease = await leaseOf(bindToken(forge, secret), 'offered');
  const url = `${forge.apiBase}/user`;
  const answer = await request(door, { to: forge, lease, method: 'GET', url });
  if (answer.is === 'error') return { is: 'not_told' };
  if (answer.status === 401) return { is: 'refused', status: 401 };
  const { data } = user.safeParse(answer.status === 200 ? answer.json : null);
  const login = data?.login ?? data?.username;
  return login === undefined ? { is: 'not_told' } : { is: 'login', login };
}

/** GitLab calls it `username`. */
const user = z.object({ login: z.string().optional(), username: z.string().optional() });
