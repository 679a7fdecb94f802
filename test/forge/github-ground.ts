/**
 * The GitHub adapter against the development forge, over real HTTP: its credential, its clock, and
 * timers that a test may shorten.
 */
import type { ForgeProject } from '../../src/core/pull-request.ts';
import { Secret } from '../../src/core/secret.ts';
import { instant } from '../../src/core/time.ts';
import type { Repo } from '../../src/devforge/repo.ts';
import type { ForgeWorld } from '../../src/ports/forge.conformance.ts';
import type { Clock, Timers } from '../../src/ports/host.ts';
import { bindToken, type CredentialSources } from '../../src/scm/credentials.ts';
import { Forges, type ForgesDeps } from '../../src/scm/forge.ts';
import { RateBudgets } from '../../src/scm/rate-budget.ts';
import { groundFor, type Ground } from './ground.ts';

export interface GithubWorld extends ForgeWorld {
  readonly ground: Ground;
  deps(secret: string | null): ForgesDeps;
}

export async function githubWorld(): Promise<GithubWorld> {
  const ground = await groundFor();
  const { forge: served, clock } = ground;
  const wait: { ms: number | null } = { ms: null };
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
  const binding = (): Omit<ForgeProject, 'path'> => {
    const { api, web } = served.urls;
    return { provider: 'github', origin: web, apiBase: api };
  };
  const deps = (secret: string | null): ForgesDeps => ({
    door: { fetch, clock: here, timers: real, userAgent: 'gastown-test', httpOrigins: [] },
    budgets: new RateBudgets(),
    clock: here,
    timers: handMoved,
    sources: () => Promise.resolve(sourcesOf(binding(), secret)),
  });
  return {
    ground,
    served,
    clock,
    deps,
    port: (secret) => new Forges(deps(secret)),
    projectOf: (repo: Repo) => ({ ...binding(), path: repo.fullName }),
    weakToken: (login, lacks) => {
      const read = { contents: 'read', checks: 'read', statuses: 'read' } as const;
      const permissions = {
        writing: { ...read, pull_requests: 'read' },
        checks: { contents: 'write', pull_requests: 'write', statuses: 'read' },
        pull_requests: read,
      } as const;
      return served.addToken(login, { permissions: permissions[lacks] }).secret;
    },
    namesOfWriting: ['contents=write', 'pull_requests=write'],
    patience: (ms) => {
      wait.ms = ms;
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
