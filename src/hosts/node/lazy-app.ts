/**
 * The HTTP application with this host's parts, loaded at the first request that needs it: a start
 * is not held up by schemas nobody has used yet.
 *
 * A1 Loaded at most once; a load that fails is tried again by the next request.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Failure } from '../../core/failure.ts';
import { err, type Result } from '../../core/result.ts';
import type { Clock, Timers } from '../../ports/host.ts';
import type { HealthResource } from '../../protocol/http.ts';
import type { Access } from '../../server/access.ts';
import type { ServerDeps } from '../../server/handler.ts';
import type { Ground } from './serve.ts';

export interface AppGround extends Ground {
  readonly health: () => HealthResource;
  readonly access: () => Access;
  readonly shutdown: () => void;
  readonly stopping: AbortSignal;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A1 */
export function lazyApp(ground: AppGround): () => Promise<Listener> {
  let loading: Promise<Listener> | null = null;
  return () => {
    loading ??= load(ground).catch((error: unknown) => {
      loading = null;
      throw error;
    });
    return loading;
  };
}

async function load(ground: AppGround): Promise<Listener> {
  const [{ createApp }, { getRequestListener }, { Queries }, transfer] = await Promise.all([
    import('../../server/app.ts'),
    import('@hono/node-server'),
    import('../../town/queries.ts'),
    import('../../town/transfer.ts'),
  ]);
  const { sql, log, seat, forges, runner, makeTown, clock, timers, version } = ground;
  const queries = new Queries(sql);
  const deps: ServerDeps = {
    town: () => seat,
    queries: () => queries,
    read: (request) => runner.port?.read(request) ?? Promise.resolve(noRunner()),
    describeSource: async (source, by) => {
      const { hostGit, resolveSource } = await import('./sources.ts');
      return resolveSource(hostGit(ground.env, timers, forges.credentialFor), source, by);
    },
    forge: await forges.desk(),
    transfer: {
      export: () => transfer.exportTown(sql, clock.now(), version),
      import(lines) {
        const done = transfer.importTown(sql, lines, clock.now());
        if (!done.ok) return done;
        seat.put(makeTown());
        seat.boot();
        return done;
      },
    },
    onTranscript: (listener) => seat.onTranscript(listener),
    timers,
    access: ground.access(),
    health: ground.health,
    shutdown: ground.shutdown,
    stopping: ground.stopping,
    version,
    error: (event, data) => log.error(event, data),
  };
  const app = createApp(deps);
  return getRequestListener((request) => app.fetch(request), { overrideGlobalObjects: false });
}

function noRunner(): Result<never, Failure> {
  return err({ kind: 'runner_lost', helps: 'later', runner: 'local', lastSeenAt: null });
}
