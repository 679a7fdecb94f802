/**
 * Handlers about the town itself: what it does, its settings and runners, its journal, pausing and
 * stopping it, and taking it with you.
 *
 * T1 Streams end when the server stops, so that a stop never waits for a client.
 */
import type { Command } from '../../core/command.ts';
import type { Failure } from '../../core/failure.ts';
import { err, ok } from '../../core/result.ts';
import { limits } from '../../core/limits.ts';
import { ndjson } from '../../protocol/http.ts';
import type { townRoutes } from '../../protocol/town-routes.ts';
import { journalStream } from '../events.ts';
import { asAnswer, command, type Handlers, type ServerDeps } from '../handler.ts';
import { mediaType, readText } from '../input.ts';
import { httpProblem, problemResponse } from '../problem.ts';
import { knownKey, settingsOrder } from '../settings-order.ts';
import { rigHandlers } from './rigs.ts';
import { cursorSeq } from './work.ts';

type TownHandlers = Handlers<keyof typeof townRoutes>;

export function townHandlers(deps: ServerDeps): TownHandlers {
  return {
    ...rigHandlers(deps),
    ...settingHandlers(deps),
    ...transferHandlers(deps),
    status: () => ok(deps.queries().status(deps.version)),
    why: ({ params }) => deps.queries().why(params.name),
    pause: (call) => command(deps, call, { kind: 'pause', ...call.body }, asAnswer),
    resume: (call) => command(deps, call, { kind: 'resume' }, asAnswer),
    resetBreaker: (call) => command(deps, call, { kind: 'breaker_reset' }, asAnswer),
    shutdown: () => {
      deps.shutdown();
      return ok({ ...deps.health(), ready: false, phase: 'stopping' });
    },
    listRunners: () => ok(deps.queries().listRunners()),
    journal: ({ query }) => {
      const after = cursorSeq(query.cursor) ?? query.after ?? 0;
      return deps.queries().journalPage(after, query.limit, query.kind, query.id);
    },
    events: ({ query, request }) => journalStream(deps, request, query.after),
  };
}

type SettingRoutes = 'listSettings' | 'getSetting' | 'setSettings';

function settingHandlers(deps: ServerDeps): Pick<TownHandlers, SettingRoutes> {
  return {
    listSettings: ({ query }) => deps.queries().settings(query.rig ?? null),
    getSetting: ({ params, query }) => {
      const key = knownKey(params.key);
      if (!key.ok) return key;
      const all = deps.queries().settings(query.rig ?? null);
      if (!all.ok) return all;
      const found = all.value.items.find((setting) => setting.key === key.value);
      if (found === undefined) throw new Error(`no setting ${key.value}`);
      return ok(found);
    },
    setSettings: (call) => {
      const order = settingsOrder(null, call.body);
      if (!order.ok) return order;
      const refused = refusedInstance(deps, order.value);
      if (refused !== null) return err(refused);
      return command(deps, call, order.value, () => deps.queries().settings(null));
    },
  };
}

/** The first forge whose address the host cannot use. */
function refusedInstance({ forge }: ServerDeps, order: Command): Failure | null {
  const all = order.kind === 'settings_set' ? (order.set['forge.instances'] ?? []) : [];
  for (const [at, instance] of all.entries()) {
    const why = forge.refusedInstance(instance);
    if (why === null) continue;
    const field = `forge.instances[${at}].url`;
    const expected = `an address such as https://git.example.com, but ${why}`;
    return { kind: 'bad_value', helps: 'person', field, given: instance.url, expected };
  }
  return null;
}

function transferHandlers(deps: ServerDeps): Pick<TownHandlers, 'export' | 'import'> {
  return {
    export: () => {
      const chunks = deps.transfer.export()[Symbol.iterator]();
      const encoder = new TextEncoder();
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const chunk = chunks.next();
          if (chunk.done === true) controller.close();
          else controller.enqueue(encoder.encode(chunk.value));
        },
      });
      return new Response(body, { headers: { 'content-type': ndjson } });
    },
    import: async ({ request }) => {
      const type = mediaType(request);
      if (type !== ndjson) {
        const evidence = `Content-Type: ${type ?? 'absent'}; expected ${ndjson}`;
        return problemResponse(httpProblem('wrong_content_type', evidence));
      }
      const text = await readText(request, limits.importBytesMax);
      if (!text.ok) return problemResponse(text.error);
      const done = deps.transfer.import(text.value.split('\n').filter((line) => line !== ''));
      if (done.ok)
        return ok({
          ...done.value,
          next: 'gt resume, then gt rig unpark for each rig it is to work on',
        });
      if (done.error === 'not_empty') {
        return problemResponse(httpProblem('town_not_empty', 'it has rigs or beads of its own'));
      }
      return err(done.error);
    },
  };
}
