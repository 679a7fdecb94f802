/**
 * The place where the process's one town sits. An import puts another in it; whoever holds the
 * seat notices nothing.
 *
 * S1 A store that cannot be written, or a bug, does not end the process: what asked is told, and
 *    the alarm rings again a little later, because a turn that throws arms nothing.
 */
import type { Command, CommandAnswer } from '../../core/command.ts';
import type { Fact } from '../../core/fact.ts';
import type { Failure } from '../../core/failure.ts';
import type { Result } from '../../core/result.ts';
import { after } from '../../core/time.ts';
import type { Alarm, Clock, Log } from '../../ports/host.ts';
import type { Town } from '../../town/town.ts';

const AGAIN_MS = 30_000;

export interface SeatDeps {
  readonly clock: Clock;
  readonly log: Log;
  alarm(): Alarm;
}

export class TownSeat {
  readonly #deps: SeatDeps;
  readonly #commits = new Set<() => void>();
  readonly #transcripts = new Set<() => void>();
  #town: Town | null = null;

  constructor(deps: SeatDeps) {
    this.#deps = deps;
  }

  /** The earlier one must not be used any more. */
  put(town: Town): void {
    this.#town?.close();
    this.#town = town;
    town.onCommit(() => ring(this.#commits));
    ring(this.#commits);
  }

  boot(): void {
    this.#turn((town) => town.boot());
  }

  command(command: Command, who: string, key?: string): Result<CommandAnswer, Failure> {
    return this.#turn((town) => town.command(command, who, key));
  }

  /** It arms nothing, so what it throws needs no later alarm either. */
  rehearse<T>(
    commands: readonly Command[],
    who: string,
    look: (answer: CommandAnswer) => Result<T, Failure>,
    key?: string,
  ): Result<T, Failure> {
    return this.#seated().rehearse(commands, who, look, key);
  }

  fact(fact: Fact): Result<void, Failure> {
    const answer = this.#turn((town) => town.fact(fact));
    if (fact.kind === 'transcript') ring(this.#transcripts);
    return answer;
  }

  /** Never throws: nobody is there to be told. S1 */
  alarm(): void {
    try {
      this.#turn((town) => town.alarm());
    } catch (error) {
      this.#deps.log.error('alarm_failed', { message: String(error) });
    }
  }

  onCommit(listener: () => void): () => void {
    return listening(this.#commits, listener);
  }

  onTranscript(listener: () => void): () => void {
    return listening(this.#transcripts, listener);
  }

  close(): void {
    this.#town?.close();
    this.#town = null;
    this.#commits.clear();
    this.#transcripts.clear();
  }

  #seated(): Town {
    if (this.#town === null) throw new Error('the town is closed');
    return this.#town;
  }

  /** S1 */
  #turn<T>(body: (town: Town) => T): T {
    const town = this.#seated();
    try {
      return body(town);
    } catch (error) {
      const again = after(this.#deps.clock.now(), AGAIN_MS);
      this.#deps.alarm().set(again);
      throw error;
    }
  }
}

function ring(bells: ReadonlySet<() => void>): void {
  for (const bell of bells) bell();
}

function listening(bells: Set<() => void>, listener: () => void): () => void {
  bells.add(listener);
  return () => bells.delete(listener);
}
