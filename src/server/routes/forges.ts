/**
 * Handlers about forges: what is read there, credentials, and the deliveries they send.
 *
 * F1 A token is in the request that saves it and in no answer. F2 A delivery carries no bearer
 *    token and may come through a tunnel: its signature is what counts, its size is looked at
 *    before it is held, and it is answered at once. It is a hint and nothing more.
 * F3 A pull request is read before the town is asked to adopt it; a repeat is answered unread.
 */
import type { CommandAnswer } from '../../core/command.ts';
import { limits } from '../../core/limits.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Failure } from '../../core/failure.ts';
import type { Rig } from '../../core/rig.ts';
import type { forgeRoutes } from '../../protocol/forge-routes.ts';
import type { AppOffer } from '../forge-desk.ts';
import { command, person, type Call, type Handlers, type ServerDeps } from '../handler.ts';

type ForgeHandlers = Handlers<keyof typeof forgeRoutes>;

export function forgeHandlers(deps: ServerDeps): ForgeHandlers {
  const listed = (rig: string | null) => ok({ items: deps.forge.queries().credentials(rig) });
  const appsOf = (rig: string | null) => ok({ items: deps.forge.queries().apps(rig) });
  const rigOf = (name: string): Result<Rig, Failure> => deps.queries().rigRow(name);
  return {
    forgeStatus: async () => ok(await status(deps)),
    listCredentials: () => listed(null),
    setCredential: ({ body }) => save(deps, null, body, body.cli),
    removeCredential: (call) => remove(deps, null, call, call.query.cli ?? false),
    listRigCredentials: ({ params }) => {
      const rig = rigOf(params.rig);
      return rig.ok ? listed(rig.value.id) : rig;
    },
    setRigCredential: async ({ params, body }) => {
      const rig = rigOf(params.rig);
      return rig.ok ? await save(deps, rig.value, body) : rig;
    },
    removeRigCredential: async (call) => {
      const rig = rigOf(call.params.rig);
      return rig.ok ? await remove(deps, rig.value, call) : rig;
    },
    listApps: () => appsOf(null),
    setApp: ({ body }) => saveApp(deps, null, body),
    removeApp: (call) => removeApp(deps, null, call),
    listRigApps: ({ params }) => {
      const rig = rigOf(params.rig);
      return rig.ok ? appsOf(rig.value.id) : rig;
    },
    setRigApp: async ({ params, body }) => {
      const rig = rigOf(params.rig);
      return rig.ok ? await saveApp(deps, rig.value, body) : rig;
    },
    removeRigApp: async (call) => {
      const rig = rigOf(call.params.rig);
      return rig.ok ? await removeApp(deps, rig.value, call) : rig;
    },
    makeWebhook: async ({ params, request }) => {
      const rig = rigOf(params.rig);
      if (!rig.ok) return rig;
      const made = await deps.forge.newWebhook(rig.value);
      if (!made.ok) return made;
      const done = deps.town().command(made.value.order, person);
      if (!done.ok) return done;
      const path = `/webhooks/${rig.value.id}`;
      const url = new URL(path, request.url).href;
      const { secret } = made.value;
      return ok({ path, url, secret, contentType: 'application/json' });
    },
    adoptPull: (call) => adopt(deps, call),
    retryMergeRequest: (call) => {
      const { mergeRequest } = call.params;
      const order = { kind: 'mr_retry', mergeRequest } as const;
      return command(deps, call, order, () => deps.queries().mergeRequest(mergeRequest));
    },
  };
}

const unused = { source: null, expiresAt: null, tried: [], budgets: [] };

/** F3 */
async function adopt(deps: ServerDeps, call: Call<'adoptPull'>) {
  const { url, rig: name, repairs: fixes } = call.body;
  const rig = name === null ? ok(null) : deps.queries().rigRow(name);
  if (!rig.ok) return rig;
  const place = deps.forge.placeOfPull(url, rig.value);
  if (!place.ok) return place;
  const { ref } = place.value;
  const asked = { kind: 'mr_adopt', rig: place.value.rig.id, ref, fixes } as const;
  const shown = ({ id }: CommandAnswer) => changeOf(deps, id);
  const before = deps.forge.queries().answeredBefore(asked, call.key);
  if (before !== null) return before.ok ? shown(before.value) : before;
  const snapshot = await deps.forge.readPull(place.value);
  if (!snapshot.ok) return snapshot;
  return command(deps, call, { ...asked, snapshot: snapshot.value }, shown);
}

/** F3. The address is the answer to a question which pull request of this rig it shall be. */
export async function supersede(
  deps: ServerDeps,
  call: Call<'resolveEscalation'>,
  rig: Rig,
  url: string,
) {
  const { escalation } = call.params;
  const shown = () => deps.queries().escalation(escalation);
  const place = deps.forge.placeOfPull(url.trim(), rig);
  if (!place.ok) return place;
  const asked = { kind: 'mr_supersede', escalation, ref: place.value.ref } as const;
  const before = deps.forge.queries().answeredBefore(asked, call.key);
  if (before !== null) return before.ok ? shown() : before;
  const snapshot = await deps.forge.readPull(place.value);
  if (!snapshot.ok) return snapshot;
  return command(deps, call, { ...asked, snapshot: snapshot.value }, shown);
}

function changeOf(deps: ServerDeps, bead: string) {
  const found = deps.queries().beadRow(bead);
  return found.ok ? deps.queries().mergeRequest(found.value.mergeRequest ?? bead) : found;
}

async function status(deps: ServerDeps) {
  const queries = deps.forge.queries();
  const accounts = await Promise.all(
    queries.accounts().map(async ({ rigs, view }) => {
      const [first] = rigs;
      const use = first === undefined ? null : await deps.forge.use(first);
      return { ...view, ...(use ?? unused) };
    }),
  );
  const scopes = [null, ...queries.rigs().map(({ id }) => id)];
  return {
    accounts,
    credentials: scopes.flatMap((scope) => queries.credentials(scope)),
    apps: scopes.flatMap((scope) => queries.apps(scope)),
  };
}

/** F1 */
async function save(
  deps: ServerDeps,
  rig: Rig | null,
  { token, url }: { readonly token: string; readonly url: string | null },
  cli = false,
) {
  const sealed = await deps.forge.sealed({ rig, url, cli }, token);
  if (!sealed.ok) return sealed;
  const { order, origin } = sealed.value;
  if (order !== null) {
    const done = deps.town().command(order, person);
    if (!done.ok) return done;
  }
  const queries = deps.forge.queries();
  const stored = queries.credentials(rig?.id ?? null);
  const credential = stored.find((one) => one.origin === origin && one.cli === cli);
  if (credential === undefined) return err(noneAt('credential', origin));
  const look = await lookAt(deps, rig, origin);
  return ok({ credential, changed: order !== null, look });
}

/** What it lets the rig do, or for the whole town the first rig there. */
async function lookAt({ forge }: ServerDeps, rig: Rig | null, origin: string) {
  const there = (one: Rig) => one.forge?.origin === origin;
  const example = rig ?? forge.queries().rigs().find(there) ?? null;
  return example === null ? null : await forge.look(example);
}

/** F1 */
async function saveApp(
  deps: ServerDeps,
  rig: Rig | null,
  { url, ...offer }: AppOffer & { readonly url: string | null },
) {
  const sealed = await deps.forge.app({ rig, url }, offer);
  if (!sealed.ok) return sealed;
  const { order, origin } = sealed.value;
  const done = deps.town().command(order, person);
  if (!done.ok) return done;
  const stored = deps.forge.queries().apps(rig?.id ?? null);
  const app = stored.find((one) => one.origin === origin);
  if (app === undefined) return err(noneAt('app', origin));
  return ok({ app, look: await lookAt(deps, rig, origin) });
}

interface Removal {
  readonly query: { readonly url?: string | undefined };
  readonly key: string | undefined;
  readonly dryRun: boolean;
}

async function removeApp(deps: ServerDeps, rig: Rig | null, call: Removal) {
  const origin = await deps.forge.originOf({ rig, url: call.query.url ?? null }, 'app');
  if (!origin.ok) return origin;
  const scope = rig?.id ?? null;
  const order = { kind: 'app_remove', rig: scope, origin: origin.value } as const;
  return command(deps, call, order, () => ok({ items: deps.forge.queries().apps(scope) }));
}

async function remove(deps: ServerDeps, rig: Rig | null, call: Removal, cli = false) {
  const origin = await deps.forge.originOf({ rig, url: call.query.url ?? null, cli }, 'token');
  if (!origin.ok) return origin;
  const scope = rig?.id ?? null;
  const order = { kind: 'credential_remove', rig: scope, cli, origin: origin.value } as const;
  return command(deps, call, order, () => ok({ items: deps.forge.queries().credentials(scope) }));
}

function noneAt(thing: 'credential' | 'app', origin: string): Failure {
  return { kind: 'unknown_thing', helps: 'person', thing, name: origin, near: [] };
}

/** F2 */
export async function delivery(deps: ServerDeps, rig: string, request: Request) {
  const body = await bytesOf(request, limits.webhookBodyBytesMax);
  if (body === null) return new Response(null, { status: 413 });
  const answer = await deps.forge.delivered(rig, request.headers, body);
  return new Response(null, { status: answer });
}

/** null: more than the limit, whatever its length header says. */
async function bytesOf(request: Request, max: number): Promise<Uint8Array<ArrayBuffer> | null> {
  if (Number(request.headers.get('content-length') ?? 0) > max) return null;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  if (request.body === null) return new Uint8Array(0);
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    if (bytes > max) {
      await reader.cancel();
      return null;
    }
    parts.push(value);
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
