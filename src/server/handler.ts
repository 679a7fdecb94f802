/**
 * What a handler is: a function from a checked call to the route's answer or a failure. The types
 * follow from the route table, so a handler that answers another shape does not compile.
 *
 * H1 A handler neither reads the request nor writes a response unless its route is a stream.
 * H2 A call that is a dry run writes nothing: `command` rehearses it, other handlers look at it.
 */
import type { z } from 'zod';
import type { Command, CommandAnswer } from '../core/command.ts';
import type { Failure } from '../core/failure.ts';
import { ok, type Result } from '../core/result.ts';
import type { HealthResource, RouteName, Routes } from '../protocol/http.ts';
import type { Queries, ReadAnswer, ReadRequest } from '../town/queries.ts';
import type { Access } from './access.ts';
import type { ForgeDesk } from './forge-desk.ts';

/** What a repository a person named turned out to be. */
export interface SourceDescription {
  readonly kind: 'url' | 'path-with-remote' | 'path-is-remote';
  readonly remote: string;
  readonly lends: string | null;
  readonly defaultBranch: string | null;
  /** The branch checked out there, when it has a working tree. */
  readonly checkedOut: string | null;
}

/** The town as the server uses it. */
export interface TownPort {
  command(command: Command, who: string, key?: string): Result<CommandAnswer, Failure>;
  /** The same, undone: nothing of it stays but what `look` saw. */
  rehearse<T>(
    commands: readonly Command[],
    who: string,
    look: (answer: CommandAnswer) => Result<T, Failure>,
    key?: string,
  ): Result<T, Failure>;
  /** Called after each commit that changed something. Answers how to stop. */
  onCommit(listener: () => void): () => void;
}

export interface ServerTimers {
  after(ms: number, run: () => void): () => void;
}

/** Taking a town with you. Chunks of an export are whole lines. */
export interface Transfer {
  export(): Iterable<string>;
  import(lines: readonly string[]): Result<ImportReport, Failure | 'not_empty'>;
}

export interface ImportReport {
  readonly rows: number;
  readonly tables: Readonly<Record<string, number>>;
}

export interface ServerDeps {
  /** Replaced by an import, so asked for at each request. */
  town(): TownPort;
  queries(): Queries;
  /** Asks the runner that has a rig's repository. */
  read(request: ReadRequest): Promise<Result<ReadAnswer, Failure>>;
  /** `by`: the rig that may move there. */
  describeSource(source: string, by: string | null): Promise<Result<SourceDescription, Failure>>;
  readonly forge: ForgeDesk;
  readonly transfer: Transfer;
  /** Called when chunks of a transcript were stored. Answers how to stop. */
  onTranscript(listener: () => void): () => void;
  readonly timers: ServerTimers;
  readonly access: Access;
  health(): HealthResource;
  /** Begins the end of the process; answers at once. */
  shutdown(): void;
  /** Aborted when the server stops: streams end. */
  readonly stopping: AbortSignal;
  readonly version: string;
  error(event: string, data: Readonly<Record<string, unknown>>): void;
}

type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

type Output<N extends RouteName, Part extends string> =
  Routes[N] extends Readonly<Record<Part, infer Schema extends z.ZodType>>
    ? z.output<Schema>
    : unknown;

export interface Call<N extends RouteName = RouteName> {
  readonly params: Readonly<Record<NamesIn<Routes[N]['path']>, string>>;
  readonly query: Output<N, 'query'>;
  readonly body: Output<N, 'body'>;
  readonly key: string | undefined;
  /** Only ever true where the route takes one. H2 */
  readonly dryRun: boolean;
  readonly request: Request;
}

export type Answer<N extends RouteName> = DeepReadonly<Output<N, 'response'>>;

export interface Done<T> {
  readonly ok: true;
  readonly value: T;
  /** The journal after a command. */
  readonly seq?: number;
}

export type Outcome<T> = Done<T> | { readonly ok: false; readonly error: Failure } | Response;

export type Handler<N extends RouteName> = (
  call: Call<N>,
) => Outcome<Answer<N>> | Promise<Outcome<Answer<N>>>;

export type Handlers<N extends RouteName = RouteName> = { readonly [K in N]: Handler<K> };

/** Who asks, where a town is one person's. */
export const person = 'person:local';

/** Carries out a command, or rehearses it, and answers what `show` finds under the id it names. */
export function command<T>(
  deps: ServerDeps,
  call: { readonly key: string | undefined; readonly dryRun: boolean },
  order: Command,
  show: (answer: CommandAnswer) => Result<T, Failure>,
): Done<T> | { readonly ok: false; readonly error: Failure } {
  if (call.dryRun) return deps.town().rehearse([order], person, show, call.key);
  const answer = deps.town().command(order, person, call.key);
  if (!answer.ok) return answer;
  const shown = show(answer.value);
  return shown.ok ? { ok: true, value: shown.value, seq: answer.value.seq } : shown;
}

/** For commands that answer no more than what they changed. */
export function asAnswer(answer: CommandAnswer): Result<CommandAnswer, Failure> {
  return ok({ id: answer.id, seq: answer.seq });
}
