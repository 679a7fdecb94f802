/**
 * The adapters of GitLab and Gitea against the development forge, over real HTTP: the credential,
 * a clock that the test moves, and timers that a test may shorten.
 */
import type { ForgeProject } from '../../src/core/pull-request.ts';
import { Secret } from '../../src/core/secret.ts';
import { instant } from '../../src/core/time.ts';
import type { Repo } from '../../src/devforge/repo.ts';
import type { ForgeWorld } from '../../src/ports/forge.conformance.ts';
import type { ForgePort } from '../../src/ports/forge.ts';
import type { Clock, Timers } from '../../src/ports/host.ts';
import { bindToken, type CredentialSources } from '../../src/scm/credentials.ts';
import { RateBudgets } from '../../src/scm/rate-budget.ts';
import type { RestForgeDeps } from '../../src/scm/rest-forge.ts';
import { groundFor, type Ground } from './ground.ts';

/** What happens before a request goes out. */
export type Meanwhile = (method: string, url: string) => Promise<void>;

export interface RestWorld extends ForgeWorld {
  readonly ground: Ground;
  meanwhile(what: Meanwhile | null): void;
}

export async function restWorld(
  provider: 'gitlab' | 'gitea',
  adapter: (deps: RestForgeDeps) => ForgePort,
  options: { subPath?: string } = {},
): Promise<RestWorld> {
  const ground = await groundFor(options);
  const { forge: served, clock } = ground;
  const wait: { ms: number | null } = { ms: null };
  const other: { what: Meanwhile | null } = { what: null };
  const disturbed = async (url: string, init: RequestInit): Promise<Response> => {
    await other.what?.(init.method ?? 'GET', url);
    return await fetch(url, init);
  };
  const here: Clock = { now: () => instant(clock.now()), monotonicMs: () => clock.now() };
  const real: Timers = {
    after(ms, run) {
      const timer = setTimeout(run, Math.min(ms, wait.ms ?? ms));
      return () => clearTimeout(timer);
    },
  };
  const handMoved: Timers = {
    after(ms, run) {
      const timer = setImmediate(() => {
        clock.pass(ms);
        run();
      });
      return () => clearImmediate(timer);
    },
  };
  const binding = (): Omit<ForgeProject, 'path'> => ({
    provider,
    origin: served.origin,
    apiBase: served.urls[provider],
  });
  const scopes = { gitlab: ['read_api'], gitea: ['read:repository'] }[provider];
  return {
    ground,
    served,
    clock,
    port: (secret) =>
      adapter({
        door: {
          fetch: disturbed,
          clock: here,
          timers: real,
          userAgent: 'gastown-test',
          httpOrigins: [],
        },
        budgets: new RateBudgets(),
        clock: here,
        timers: handMoved,
        sources: () => Promise.resolve(sourcesOf(binding(), secret)),
      }),
    projectOf: (repo: Repo) => ({ ...binding(), path: repo.fullName }),
    weakToken: (login) => served.addToken(login, { scopes }).secret,
    namesOfWriting: { gitlab: ['api'], gitea: ['write:repository'] }[provider],
    patience: (ms) => {
      wait.ms = ms;
    },
    meanwhile: (what) => {
      other.what = what;
    },
    end: () => ground.end(),
  };
}

function sourcesOf(binding: Omit<ForgeProject, 'path'>, secret: string | null): CredentialSources {
  return {
    rigTokens: secret === null ? [] : [bindToken(binding, new Secret(secret))],
    rigApp: null,
    townCliTokens: [],
    townTokens: [],
    townApp: null,
    pinnedTo: null,
    machine: null,
  };
}
