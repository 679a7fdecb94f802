/**
 * The forges of this host put together: the door, the adapters, credentials, webhooks, and what
 * the server asks about them. Loaded when the first of it is needed.
 *
 * P1 A forge nobody wrote an adapter for is no forge here: its rigs land directly.
 * P2 A token is bound to one of the forges that are known, and looked at by it before it is kept.
 * P3 A delivery is verified, told as a hint and answered; nothing else it says is used.
 */
import type { Command } from '../../core/command.ts';
import type { Fact } from '../../core/fact.ts';
import type { Failure } from '../../core/failure.ts';
import type { ForgeProject, PullRequestRef, PullRequestSnapshot } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Rig } from '../../core/rig.ts';
import type { Secret } from '../../core/secret.ts';
import type { ForgeInstanceSetting } from '../../core/settings.ts';
import type { ForgePort } from '../../ports/forge.ts';
import type { CredentialFor, GitLogin } from '../../runtime/git-credential.ts';
import { bindToken, resolveCredential, type CredentialSources } from '../../scm/credentials.ts';
import type { ForgeDoor } from '../../scm/http.ts';
import { hostOf, originOf, type ForgeBinding } from '../../scm/lease.ts';
import { RateBudgets } from '../../scm/rate-budget.ts';
import { RecentDeliveries } from '../../scm/recent-deliveries.ts';
import { forgeFrom, forgeOf, httpOriginsOf, knownForges } from '../../scm/remote-url.ts';
import type { ForgeInstance } from '../../scm/remote-url.ts';
import { maskOf, SecretBox, writtenBack } from '../../scm/secret-box.ts';
import { verifyWebhook, type WebhookRefusal } from '../../scm/webhooks.ts';
import { whoAmI } from '../../scm/whoami.ts';
import type { Due } from '../../scm/webhook-hints.ts';
import type {
  AppOffer,
  AppOrder,
  CredentialOrder,
  CredentialWish,
  ForgeDesk,
  PullPlace,
  WebhookOffer,
} from '../../server/forge-desk.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { scopeOf, webhookScope } from '../../town/commands/credentials.ts';
import { ForgeQueries } from '../../town/forge-queries.ts';
import { lookView, useView } from '../../town/forge-views.ts';
import { makeAdapter, spoken } from './forge-adapters.ts';
import { HostApps } from './forge-apps.ts';
import { HostCredentials, purposeOf } from './forge-credentials.ts';
import type { ForgesGround } from './forges.ts';
import { placeOfPull, readPull } from './pull-look.ts';

const WEBHOOK_SECRET_CHARS = 40;
const TOKEN = /^[\x21-\x7e]+$/;

export async function makeForgeParts(ground: ForgesGround): Promise<ForgeParts> {
  return new ForgeParts(ground, await SecretBox.from(ground.key));
}

export class ForgeParts implements ForgeDesk {
  readonly port: ForgePort;
  readonly #ground: ForgesGround;
  readonly #box: SecretBox;
  readonly #queries: ForgeQueries;
  readonly #apps: HostApps;
  readonly #credentials: HostCredentials;
  readonly #door: ForgeDoor;
  readonly #budgets = new RateBudgets();
  readonly #seen = new RecentDeliveries();

  constructor(ground: ForgesGround, box: SecretBox) {
    const { clock, timers, version, sql } = ground;
    this.#ground = ground;
    this.#box = box;
    const queries = new ForgeQueries(sql);
    this.#queries = queries;
    const instances = () => this.#instances();
    this.#door = {
      fetch: ground.fetch,
      clock,
      timers,
      userAgent: `gastown/${version}`,
      get httpOrigins() {
        return httpOriginsOf(instances());
      },
    };
    this.#apps = new HostApps({ ...ground, box, queries, door: this.#door });
    this.#credentials = new HostCredentials({ ...ground, box, queries, apps: this.#apps });
    this.port = this.#adapter(
      (context) => this.#credentials.sources(context),
      (ref) => this.#glanced(ref),
    );
  }

  queries(): ForgeQueries {
    return this.#queries;
  }

  /** P1 */
  async projectOf(remote: string): Promise<ForgeProject | null> {
    const found = forgeOf(remote, this.#instances());
    return found !== null && spoken.includes(found.provider) ? found : null;
  }

  /** What is not understood would be passed over in silence later. */
  refusedInstance(one: ForgeInstanceSetting): string | null {
    const made = forgeFrom(instanceOf(one));
    return made.ok ? null : made.error;
  }

  credentialFor(whose: CredentialFor): Promise<GitLogin> {
    return this.#credentials.forGit(whose, (remote) => forgeOf(remote, this.#instances()));
  }

  async look(rig: Rig) {
    if (rig.forge === null) return null;
    const context = { rig: rig.id, project: rig.forge };
    const found = await this.port.probe(context);
    const { source, expiresAt } = await this.#resolved(rig.forge, rig); // one made anew counts
    return lookView({ project: rig.forge, source, expiresAt, found }, rig.id);
  }

  async use(rig: Rig) {
    const { forge } = rig;
    if (forge === null) return useView({ ...nowhere, tried: [], budgets: [] });
    const { source, expiresAt, tried } = await this.#resolved(forge, rig);
    const budgets = source === null ? [] : await this.port.budgets({ rig: rig.id, project: forge });
    return useView({ source, expiresAt, tried, budgets });
  }

  async #resolved(project: ForgeProject, { id: rig }: Rig) {
    const context = { rig, project };
    const sources = await this.#credentials.sources(context);
    const found = await resolveCredential(context, sources, this.#ground.clock.now());
    if (!found.ok) return { ...nowhere, tried: found.tried };
    return { source: found.source, expiresAt: found.token.expiresAt, tried: [] };
  }

  /** Also of a forge that is not known any more: what is stored can be forgotten. */
  async originOf(wish: CredentialWish, of: 'token' | 'app'): Promise<Result<string, Failure>> {
    const rig = wish.rig?.id ?? null;
    const tokens = this.#queries.sealed(rig, wish.cli);
    const rows = of === 'app' ? this.#queries.sealedApps(rig) : tokens;
    const stored = rows.map(({ origin }) => origin);
    const { url } = wish;
    const asked =
      url === null ? stored : stored.filter((one) => one === originOf(url) || hostOf(one) === url);
    const [only, ...more] = asked;
    if (only !== undefined && more.length === 0) return ok(only);
    const forge = this.#forgeOf(wish);
    return forge.ok ? ok(forge.value.origin) : forge;
  }

  async sealed(wish: CredentialWish, given: string): Promise<Result<CredentialOrder, Failure>> {
    const forge = this.#forgeOf(wish);
    if (!forge.ok) return forge;
    const { provider, origin, apiBase } = forge.value;
    const rig = wish.rig?.id ?? null;
    const row = this.#queries.sealed(rig, wish.cli).find((one) => one.origin === origin);
    const stored = row === undefined ? null : await this.#credentials.secretOf(row);
    const written = writtenBack(given, stored);
    if (written.is === 'unchanged') return ok({ order: null, origin });
    if (written.is === 'foreign_mask') {
      return refusedToken('a token: this is the mask of another one');
    }
    const { secret } = written;
    if (!TOKEN.test(secret.open())) return refusedToken('one word, as the forge showed it');
    const whose = await this.#taken(wish.rig, forge.value, secret);
    if (!whose.ok) return whose;
    const scope = scopeOf(rig, wish.cli);
    const order: Command = {
      kind: 'credential_set',
      rig,
      cli: wish.cli ?? false,
      provider,
      origin,
      apiOrigin: originOf(apiBase) ?? origin,
      sealed: await this.#box.seal(secret.open(), purposeOf(scope, origin)),
      mask: maskOf(secret),
      login: whose.value,
    };
    return ok({ order, origin });
  }

  async app(wish: CredentialWish, offer: AppOffer): Promise<Result<AppOrder, Failure>> {
    const forge = this.#forgeOf(wish);
    if (!forge.ok) return forge;
    const rig = wish.rig?.id ?? null;
    const { origin } = forge.value;
    const order = await this.#apps.offered(rig, forge.value, offer, wish.rig?.forge ?? null);
    return order.ok ? ok({ order: order.value, origin }) : order;
  }

  placeOfPull(url: string, rig: Rig | null): Result<PullPlace, Failure> {
    return placeOfPull(url, rig, {
      rigs: this.#queries.rigs(),
      forges: knownForges(this.#instances()),
    });
  }

  readPull(place: PullPlace): Promise<Result<PullRequestSnapshot, Failure>> {
    return readPull(this.port, place);
  }

  async newWebhook(rig: Rig): Promise<Result<WebhookOffer, Failure>> {
    if (rig.forge === null) return err(noForge(rig));
    const { provider, origin } = rig.forge;
    const secret = this.#ground.random.token(WEBHOOK_SECRET_CHARS);
    const sealed = await this.#box.seal(secret, purposeOf(webhookScope(rig.id), origin));
    const order = { kind: 'webhook_secret_set', rig: rig.id, provider, origin, sealed } as const;
    return ok({ order, secret });
  }

  /** P3 */
  async delivered(name: string, headers: Headers, body: Uint8Array<ArrayBuffer>): Promise<number> {
    const rig = this.#queries.rig(name);
    const row = rig === null ? null : this.#queries.sealedWebhook(rig.id);
    if (rig === null || rig.forge === null || row === null) return 404;
    const secret = await this.#credentials.secretOf(row);
    if (secret === null) return 503;
    const now = this.#ground.clock.now();
    const delivery = await verifyWebhook(rig.forge.provider, headers, body, secret, now);
    if (!delivery.ok) return REFUSALS[delivery.error];
    const { due } = delivery.value;
    if (due === null || this.#seen.isRepeat(delivery.value, now)) return 202;
    if (!isAbout(due, rig.forge.path)) return 202;
    this.#ground.tell(this.#hint(rig, due));
    return 202;
  }

  #hint(rig: Rig, due: Due): Fact {
    const all = due.all ? mergeRequests.watchedOfRig(this.#ground.sql, rig.id) : [];
    const numbers = [...due.numbers, ...all.flatMap(({ prNumber }) => prNumber ?? [])];
    const { heads, baseBranches: bases } = due;
    return { kind: 'pull_hinted', rig: rig.id, numbers, heads, bases, soon: [] };
  }

  #adapter(
    sources: (context: {
      readonly rig: string;
      readonly project: ForgeProject;
    }) => Promise<CredentialSources>,
    changed: (ref: PullRequestRef) => void = () => undefined,
  ): ForgePort {
    const { clock, timers } = this.#ground;
    const budgets = this.#budgets;
    return makeAdapter({ door: this.#door, budgets, clock, timers, sources, changed });
  }

  /** As a delivery about it would be. P3 */
  #glanced({ project, number }: PullRequestRef): void {
    for (const { id, forge } of this.#queries.rigs()) {
      if (forge?.origin !== project.origin || forge.path !== project.path) continue;
      const nothing = { numbers: [], heads: [], bases: [] };
      this.#ground.tell({ kind: 'pull_hinted', rig: id, ...nothing, soon: [number] });
    }
  }

  /** P2. Whose it is, where somebody can be asked; only a plain no is a refusal. */
  async #taken(
    rig: Rig | null,
    forge: ForgeBinding,
    secret: Secret,
  ): Promise<Result<string | null, Failure>> {
    const on = rig ?? this.#queries.rigs().find((one) => one.forge?.origin === forge.origin);
    const project = on?.forge ?? null;
    if (on === undefined || project === null) {
      const told = await whoAmI(this.#door, forge, secret);
      if (told.is === 'refused') return refusedByForge(forge, told.status);
      return ok(told.is === 'login' ? told.login : null);
    }
    const alone: CredentialSources = {
      rigTokens: [bindToken(forge, secret)],
      rigApp: null,
      townCliTokens: [],
      townTokens: [],
      townApp: null,
      pinnedTo: null,
      machine: null,
    };
    const probed = await this.#adapter(async () => alone).probe({ rig: on.id, project });
    if (probed.ok) return ok(probed.value.login);
    const { error } = probed;
    const refused = error.kind === 'http_error' && error.reason === 'unauthenticated';
    if (!refused) return ok(null);
    return refusedByForge(forge, error.status);
  }

  /** P2 */
  #forgeOf({ rig, url }: CredentialWish): Result<ForgeBinding, Failure> {
    if (rig !== null) return forgeOfRig(rig, url);
    const known = knownForges(this.#instances());
    const own = this.#ownOrigins();
    const only = own.length === 1 ? own[0] : undefined;
    const origin = url === null ? only : (originOf(url) ?? url);
    const found = known.find((one) => one.origin === origin || hostOf(one.origin) === origin);
    if (found !== undefined) return ok(found);
    const names = known.map((one) => one.origin).join(', ');
    return err(
      url === null
        ? badUrl('nothing', `the address of the forge, with --url: ${own.join(', ') || names}`)
        : badUrl(
            withoutLogin(url),
            `the address of a forge that is known (${names}); one of yours is made known with: ` +
              'gt config set forge.instances github=https://git.example.com',
          ),
    );
  }

  /** Where rigs are, and those the town was told of. */
  #ownOrigins(): readonly string[] {
    const ofRigs = this.#queries.rigs().map(({ forge }) => forge?.origin);
    const told = this.#instances().map(({ url }) => originOf(url));
    return [...new Set([...ofRigs, ...told])].filter((one) => typeof one === 'string');
  }

  #instances(): readonly ForgeInstance[] {
    return this.#queries.settings(null)['forge.instances'].map(instanceOf);
  }
}

function instanceOf(one: ForgeInstanceSetting): ForgeInstance {
  const { provider, url, apiBase, sshHost, allowHttp } = one;
  return {
    provider,
    url,
    apiBase: apiBase ?? undefined,
    sshHost: sshHost ?? undefined,
    allowHttp,
  };
}

const nowhere = { source: null, expiresAt: null } as const;

const REFUSALS: Readonly<Record<WebhookRefusal, number>> = {
  too_large: 413,
  no_secret: 401,
  no_signature: 401,
  bad_signature: 401,
  stale: 401,
  malformed: 400,
};

function isAbout({ project }: Due, path: string): boolean {
  return project === null || project.toLowerCase() === path.toLowerCase();
}

function forgeOfRig(rig: Rig, url: string | null): Result<ForgeBinding, Failure> {
  if (rig.forge === null) return err(noForge(rig));
  const { origin } = rig.forge;
  if (url === null || originOf(url) === origin || hostOf(origin) === url) return ok(rig.forge);
  const expected = `${rig.forge.origin}, where ${rig.id} is: a token goes nowhere else`;
  return err({ kind: 'bad_value', helps: 'person', field: 'url', given: url, expected });
}

function noForge(rig: Rig): Failure {
  const expected =
    'a rig whose remote is on a forge that is known; yours are named in forge.instances ' +
    'before the rig is added';
  const given = `${rig.id} (${rig.remote})`;
  return { kind: 'bad_value', helps: 'person', field: 'rig', given, expected };
}

function refusedByForge({ origin }: ForgeBinding, status: number): Result<never, Failure> {
  return refusedToken(
    `one that ${origin} takes; it answered ${status}, as it does to one that is wrong or expired`,
  );
}

function badUrl(given: string, expected: string): Failure {
  return { kind: 'bad_value', helps: 'person', field: 'url', given, expected };
}

function withoutLogin(url: string): string {
  return url.replace(/\/\/[^/?#]*@/, '//');
}

function refusedToken(expected: string): Result<never, Failure> {
  return err({ kind: 'bad_value', helps: 'person', field: 'token', given: '‹secret›', expected });
}
