/**
 * GitHub's REST routes of applications: who installed one, and tokens for an installation.
 *
 * A1 The JWT is verified as the original does: RS256, the app's key, `iat` not in the future,
 *    `exp` at most ten minutes away. A2 A token never holds more than its installation.
 */
import { createVerify } from 'node:crypto';
import { json, route, type Answer, type Route } from '../exchange.ts';
import { inner, isJson, parsed, text, whole, words } from '../json.ts';
import type { Permissions } from '../model.ts';
import type { ForgeApp, Installation, World } from '../world.ts';
import { notFound, paged, problem, type Call, type Handler, type Urls } from './call.ts';
import { iso, isoOrNull, repoShape, userShape } from './shapes.ts';

const JWT_MS_MAX = 10 * 60_000;
type Shape = Readonly<Record<string, unknown>>;

export const APP_ROUTES: readonly Route<Handler>[] = [
  route('GET /app', async ({ app, urls }) =>
    app === null ? needsJwt() : json(200, appShape(app, urls)),
  ),
  route('GET /app/installations', async ({ app, urls }) =>
    app === null
      ? needsJwt()
      : json(
          200,
          app.installations.map((one) => shapeOf(app, one, urls)),
        ),
  ),
  route('GET /repos/:owner/:repo/installation', async ({ app, world, params, urls }) => {
    if (app === null) return needsJwt();
    const repo = world.find(`${params['owner'] ?? ''}/${params['repo'] ?? ''}`);
    const found = app.installations.find(
      ({ account, repos }) =>
        account.id === repo?.owner.id && (repos === null || repos.has(repo.id)),
    );
    return found === undefined ? notFound() : json(200, shapeOf(app, found, urls));
  }),
  route('POST /app/installations/:installation/access_tokens', mintToken),
  route('GET /installation/repositories', async (call) => {
    const { token, world, urls } = call;
    if (token?.kind !== 'installation') {
      return problem(403, 'You must authenticate with an installation access token.');
    }
    const repos = world.repos.filter((repo) => world.reaches(token, repo));
    return await paged(
      call,
      repos,
      (repo) => repoShape(repo, urls, 'write'),
      (repositories, total_count) => ({ total_count, repositories }),
    );
  }),
];

export type JwtOutcome = { readonly app: ForgeApp } | { readonly refused: string };

/** A1. null: it is no JWT at all. */
export function verifyJwt(world: World, secret: string): JwtOutcome | null {
  const [head, claims, signature, ...more] = secret.split('.');
  if (head === undefined || claims === undefined || signature === undefined || more.length > 0) {
    return null;
  }
  const header = decoded(head);
  const body = decoded(claims);
  if (header === null || body === null) return null;
  const issuer = text(body, 'iss') ?? String(whole(body, 'iss') ?? '');
  const app = world.apps.find(({ id, clientId }) => String(id) === issuer || clientId === issuer);
  const malformed = { refused: 'A JSON web token could not be decoded' };
  if (text(header, 'alg') !== 'RS256') return malformed;
  if (app === undefined) return { refused: 'Integration not found' };
  const verifier = createVerify('RSA-SHA256').update(`${head}.${claims}`);
  if (!verifier.verify(app.publicKey, Buffer.from(signature, 'base64url'))) return malformed;
  const issuedAt = (whole(body, 'iat') ?? Infinity) * 1000;
  const expiresAt = (whole(body, 'exp') ?? 0) * 1000;
  const now = world.now();
  if (issuedAt > now) return { refused: claim('Issued at', 'iat', 'is in the future') };
  if (expiresAt <= now) return { refused: claim('Expiration time', 'exp', 'is in the past') };
  if (expiresAt - now > JWT_MS_MAX) {
    return { refused: claim('Expiration time', 'exp', 'is too far in the future') };
  }
  return { app };
}

function claim(name: string, short: string, wrong: string): string {
  return `'${name}' claim ('${short}') ${wrong}`;
}

function decoded(part: string): Readonly<Record<string, unknown>> | null {
  const value = parsed(Buffer.from(part, 'base64url').toString('utf8'));
  return isJson(value) ? value : null;
}

function needsJwt(): Answer {
  return problem(401, 'A JSON web token could not be decoded');
}

async function mintToken(call: Call): Promise<Answer> {
  const { app, world, params, body, urls } = call;
  if (app === null) return needsJwt();
  const id = Number(params['installation']);
  const installation = app.installations.find((one) => one.id === id);
  if (installation === undefined) return notFound();
  if (installation.suspendedAt !== null) {
    return problem(403, 'This installation has been suspended');
  }
  const permissions = asked(body, installation);
  if (permissions === null) {
    return problem(422, 'The permissions requested are not granted to this installation.');
  }
  const names = words(body, 'repositories').map((name) => `${installation.account.login}/${name}`);
  const repos = names.map((name) => world.find(name));
  const reachable = repos.every(
    (repo) => repo !== null && (installation.repos === null || installation.repos.has(repo.id)),
  );
  if (!reachable) {
    return problem(
      422,
      'There is at least one repository that does not exist or is not accessible to the ' +
        'parent installation.',
    );
  }
  const token = world.mint(app, installation, {
    permissions,
    ...(names.length > 0 ? { repos: names } : {}),
  });
  return json(201, {
    token: token.secret,
    expires_at: iso(token.expiresAt ?? world.now()),
    permissions: token.permissions,
    repository_selection: names.length > 0 || installation.repos !== null ? 'selected' : 'all',
    ...(names.length > 0
      ? { repositories: repos.flatMap((r) => (r === null ? [] : [repoShape(r, urls, 'write')])) }
      : {}),
  });
}

/** A2 */
function asked(body: Call['body'], installation: Installation): Permissions | null {
  if (body['permissions'] === undefined) return installation.permissions;
  const wanted = Object.entries(inner(body, 'permissions'));
  const granted: Record<string, 'read' | 'write'> = {};
  for (const [name, level] of wanted) {
    const have = installation.permissions[name];
    if (level !== 'read' && level !== 'write') return null;
    if (have === undefined || (level === 'write' && have === 'read')) return null;
    granted[name] = level;
  }
  return granted;
}

function appShape(app: ForgeApp, urls: Urls): Shape {
  return {
    id: app.id,
    slug: app.slug,
    client_id: app.clientId,
    node_id: `A_kwDO${app.id}`,
    owner: userShape(app.bot, urls),
    name: app.slug,
    description: null,
    external_url: `${urls.web}/apps/${app.slug}`,
    html_url: `${urls.web}/apps/${app.slug}`,
    created_at: '2024-01-01T00:00:00Z',
    updated_at: '2024-01-01T00:00:00Z',
    permissions: { metadata: 'read' },
    events: [],
    installations_count: app.installations.length,
  };
}

function shapeOf(app: ForgeApp, one: Installation, urls: Urls): Shape {
  const own = `${urls.api}/app/installations/${one.id}`;
  return {
    id: one.id,
    client_id: app.clientId,
    account: userShape(one.account, urls),
    repository_selection: one.repos === null ? 'all' : 'selected',
    access_tokens_url: `${own}/access_tokens`,
    repositories_url: `${urls.api}/installation/repositories`,
    html_url: `${urls.web}/settings/installations/${one.id}`,
    app_id: app.id,
    app_slug: app.slug,
    target_id: one.account.id,
    target_type: one.account.type,
    permissions: one.permissions,
    events: ['pull_request', 'check_run'],
    created_at: '2024-01-01T00:00:00Z',
    updated_at: '2024-01-01T00:00:00Z',
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: null,
    suspended_at: isoOrNull(one.suspendedAt),
  };
}
