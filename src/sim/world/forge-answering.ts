/**
 * What people do about pull requests once the world is healed: a credential that works, a look
 * again, an answer to what was closed, and on the forge itself whatever a review waits for.
 *
 * Q1 What asks again and again although it was answered is given up: the bead is dropped.
 */
import type { Command } from '../../core/command.ts';
import type { Escalation } from '../../core/escalation.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import type { Rows } from './rows.ts';
import type { World } from './world.ts';

/** So often one merge request is answered before people drop its bead. */
const answersMax = 4;

/** No answer helps: the branch is refused for good. */
const hopeless: readonly string[] = ['branch_contaminated', 'branch_taken'];

export class ForgeAnswering {
  readonly #world: World;
  readonly #times = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  tidy(rows: Rows): boolean {
    const { forgePeople, outsiders } = this.#world;
    const isTidied = forgePeople.tidy(rows.liveRequests);
    return outsiders.tend() || isTidied;
  }

  commands(rows: Rows): readonly Command[] {
    return rows.liveRequests
      .filter(({ strategy }) => strategy === 'pr')
      .flatMap((request) => this.#one(rows, request));
  }

  /** Is this escalation answered here? */
  answers({ subject }: Escalation): boolean {
    const { liveRequests } = this.#world.rows.read();
    return liveRequests.some(({ id, strategy }) => id === subject && strategy === 'pr');
  }

  #one(rows: Rows, request: MergeRequest): readonly Command[] {
    const { forgePeople, forge } = this.#world;
    const asked = rows.openEscalations.find(
      ({ subject, resolveAsked }) => subject === request.id && !resolveAsked,
    );
    const isBlind = request.unobservable !== null || asked?.failure?.kind === 'pr_poll_failed';
    const needsToken = isBlind && !forge.hasGoodToken(request.rig);
    return [
      ...(needsToken ? [forgePeople.credential(request.rig, 'good', null)] : []),
      ...(isBlind && !needsToken ? [retry(request)] : []),
      ...(asked === undefined ? this.#waiting(request) : [this.#answer(request, asked)]),
    ];
  }

  #answer(request: MergeRequest, asked: Escalation): Command {
    const { id, failure } = asked;
    const times = (this.#times.get(request.id) ?? 0) + 1;
    this.#times.set(request.id, times);
    if (times > answersMax || hopeless.includes(failure?.kind ?? '')) {
      const reason = 'gave up';
      return { kind: 'bead_close', bead: request.bead, resolution: 'dropped', reason };
    }
    return { kind: 'escalation_resolve', escalation: id, answer: answerTo(asked, times) };
  }

  #waiting(request: MergeRequest): readonly Command[] {
    const because = request.waits
      .filter(({ reason }) => reason === 'human')
      .map(({ detail }) => detail['because']);
    const { rig } = request;
    const set = {
      ...(because.includes('stranger_commits') ? { strangerCommits: 'accept' as const } : {}),
      ...(because.includes('conflict') || because.includes('behind')
        ? { autoResolveMergeConflicts: true }
        : {}),
    };
    return Object.keys(set).length === 0 ? [] : [{ kind: 'settings_set', rig, set, unset: [] }];
  }
}

/** The first choice first, then the others; `drop` is for whoever gives up. */
function answerTo({ question }: Escalation, times: number): string {
  const choices = (question?.choices ?? []).filter((choice) => choice !== 'drop');
  return choices[Math.min(times, choices.length) - 1] ?? 'left';
}

function retry({ id }: MergeRequest): Command {
  return { kind: 'mr_retry', mergeRequest: id };
}
