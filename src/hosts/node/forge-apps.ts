/**
 * Apps on this host: sealed rows opened with the home's key, and what buys their tokens.
 *
 * A1 Tokens live as long as the row they were bought with: whoever asks for the same app shares
 *    them, and a row that is written anew begins anew.
 * A2 A row that this key does not open is an app that fails, not one that is absent: the next
 *    credential would act as somebody else.
 * A3 An app is looked at by its forge before it is kept. Only a plain no is a refusal.
 */
import { appNameOf, type AppIdentity } from '../../core/app.ts';
import type { Command } from '../../core/command.ts';
import type { Failure } from '../../core/failure.ts';
import type { ForgeProject } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { Secret } from '../../core/secret.ts';
import type { Log } from '../../ports/host.ts';
import { readAppKey } from '../../scm/app-key.ts';
import { AppTokens } from '../../scm/app-tokens.ts';
import type { AppSource, Issued } from '../../scm/credentials.ts';
import type { ForgeDoor } from '../../scm/http.ts';
import { originOf, type ForgeBinding } from '../../scm/lease.ts';
import type { SecretBox } from '../../scm/secret-box.ts';
import type { AppOffer } from '../../server/forge-desk.ts';
import type { SealedApp } from '../../storage/tables/apps.ts';
import { scopeOf } from '../../town/commands/credentials.ts';
import type { ForgeQueries } from '../../town/forge-queries.ts';

export interface AppGround {
  readonly box: SecretBox;
  readonly queries: ForgeQueries;
  readonly door: ForgeDoor;
  readonly log: Log;
}

interface Opened {
  readonly version: string;
  readonly source: Promise<AppSource>;
}

const MASK = '****';

export class HostApps {
  readonly #ground: AppGround;
  /** A1 */
  readonly #sources = new Map<string, Opened>();

  constructor(ground: AppGround) {
    this.#ground = ground;
  }

  /** The one for that forge, else any: it is passed over as another host's. */
  async of(rig: string | null, project: ForgeBinding): Promise<AppSource | null> {
    const rows = this.#ground.queries.sealedApps(rig);
    const row = rows.find(({ origin }) => origin === project.origin) ?? rows[0];
    return row === undefined ? null : await this.#sourceOf(row);
  }

  /** A1: also for those who come while the row is being opened. */
  async #sourceOf(row: SealedApp): Promise<AppSource> {
    const { scope, origin, sealed, apiBase } = row;
    const at = `${scope} ${origin}`;
    const version = `${sealed} ${apiBase} ${appNameOf(row)}`;
    const known = this.#sources.get(at);
    if (known?.version === version) return await known.source;
    const source = this.#opened(row);
    this.#sources.set(at, { version, source });
    return await source;
  }

  async #opened(row: SealedApp): Promise<AppSource> {
    const { scope, origin, sealed } = row;
    const key = await this.#ground.box.open(sealed, purposeOfApp(scope, origin));
    if (key.ok) return this.#tokens(row, row, key.value);
    this.#ground.log.error('app_key_unreadable', { scope, origin, why: key.error });
    return unreadable(row); // A2
  }

  #tokens(
    app: AppIdentity,
    { origin, apiBase }: { readonly origin: string; readonly apiBase: string },
    privateKey: Secret,
  ): AppTokens {
    const { appId: clientId, installation } = app;
    const named = { id: appNameOf(app), clientId, installation, privateKey };
    return new AppTokens(this.#ground.door, { provider: 'github', origin, apiBase, ...named });
  }

  /** What is to be stored, once it was looked at. A3 */
  async offered(
    rig: string | null,
    forge: ForgeBinding,
    offer: AppOffer,
    project: ForgeProject | null,
  ): Promise<Result<Command, Failure>> {
    if (forge.provider !== 'github') return refused('url', forge.origin, APPS_ELSEWHERE);
    const key = await this.#keyOf(rig, forge, offer.key.trim());
    if (!key.ok) return key;
    const read = await readAppKey(key.value);
    if (!read.ok) return refused('key', read.error, KEY);
    const tokens = this.#tokens(offer, forge, key.value);
    const checked = await tokens.check();
    const answer = checked.ok && project !== null ? await tokens.issue({ project }, '') : checked;
    const problem = answer.ok ? null : problemOf(answer, offer, project);
    if (problem !== null) return problem;
    const scope = scopeOf(rig);
    const { origin, apiBase } = forge;
    return ok({
      kind: 'app_set',
      rig,
      origin,
      apiBase,
      appId: offer.appId,
      installation: offer.installation,
      sealed: await this.#ground.box.seal(key.value.open(), purposeOfApp(scope, origin)),
      mask: `${MASK}${read.value.fingerprint}`,
    });
  }

  /** The mask of the stored one stands for it. */
  async #keyOf(
    rig: string | null,
    { origin }: ForgeBinding,
    given: string,
  ): Promise<Result<Secret, Failure>> {
    if (!given.startsWith(MASK)) return ok(new Secret(given));
    const row = this.#ground.queries.sealedApps(rig).find((one) => one.origin === origin);
    if (row?.mask !== given) return refused('key', given, 'a key: this is the mask of another one');
    const { scope, sealed } = row;
    const opened = await this.#ground.box.open(sealed, purposeOfApp(scope, origin));
    return opened.ok ? opened : refused('key', given, 'a key: the stored one cannot be opened');
  }
}

const KEY = 'the private key of the app as GitHub gave it: a PEM file, RSA PRIVATE KEY';
const APPS_ELSEWHERE = 'a GitHub, for apps: others take a token, gt forge login';

function purposeOfApp(scope: string, origin: string): string {
  return `app ${scope} ${origin}`;
}

/** A2 */
function unreadable(row: SealedApp): AppSource {
  const failed = { ok: false, why: 'unavailable', cause: 'bad key' } as const;
  return {
    id: appNameOf(row),
    provider: 'github',
    origin: row.origin,
    apiOrigin: originOf(row.apiBase) ?? '',
    issue: async () => failed,
    forget: () => undefined,
  };
}

/** A3. null: nothing is wrong with it that would be known. */
function problemOf(
  answer: Extract<Issued, { ok: false }>,
  { appId, installation }: AppIdentity,
  project: ForgeProject | null,
): Result<never, Failure> | null {
  const which = installation === null ? 'none' : String(installation);
  const where = project === null ? '' : ` that has ${project.path}`;
  switch (answer.why) {
    case 'not_installed':
      return refused(
        'installation',
        which,
        `an installation of the app ${appId}${where}; its settings on GitHub show the number`,
      );
    case 'suspended':
      return refused('installation', which, 'one that is not suspended: GitHub says this one is');
    case 'unavailable': {
      if (answer.cause !== 'HTTP 401') return null;
      const expected =
        'the id of an app and a private key of the same app; GitHub answered 401 to the two, ' +
        'with the clock taken from its own answer';
      return refused('appId', appId, expected);
    }
  }
}

function refused(field: string, given: string, expected: string): Result<never, Failure> {
  return err({ kind: 'bad_value', helps: 'person', field, given, expected });
}
