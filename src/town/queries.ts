/**
 * The town's read side: everything the API shows, as views, straight from the tables.
 *
 * Q1 Nothing here writes, and nothing here is called by a tick.
 * Q2 A list answers one page and the cursor of the next; a cursor of another list is refused.
 * Q3 What does not exist is `unknown_thing` with the names that were probably meant.
 */
import type { EntityKind } from '../core/action.ts';
import type { Failure } from '../core/failure.ts';
import { attemptId, beadId, rigId } from '../core/ids.ts';
import type { RigRef } from '../core/launch-spec.ts';
import { rigRefOf } from '../core/launch.ts';
import { near } from '../core/names.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Attempt } from '../core/attempt.ts';
import type { Bead, BeadStatus } from '../core/bead.ts';
import type { Escalation } from '../core/escalation.ts';
import type { Town } from '../core/town.ts';
import type { SqlReader } from '../ports/sql.ts';
import { agenda } from '../storage/agenda.ts';
import { attempts } from '../storage/tables/attempts.ts';
import { beads } from '../storage/tables/beads.ts';
import { dependencies } from '../storage/tables/dependencies.ts';
import { dispatches } from '../storage/tables/dispatch.ts';
import { escalations } from '../storage/tables/escalations.ts';
import { journal } from '../storage/tables/journal.ts';
import { mergeRequests } from '../storage/tables/merge-requests.ts';
import { rigs } from '../storage/tables/rigs.ts';
import { runners } from '../storage/tables/runners.ts';
import { towns } from '../storage/tables/town.ts';
import { transcripts } from '../storage/tables/transcripts.ts';
import { doctorView, settingViews } from './rig-views.ts';
import { courseOf } from './bead-course.ts';
import { bad, beadCursor, offsetOf } from './cursor.ts';
import type { LookView } from './forge-views.ts';
import { waitsOf } from './bead-waits.ts';
import * as view from './views.ts';
import { aboutEscalation, answerOf, subjectOf } from './why.ts';

export type { ReadAnswer, ReadRequest } from '../ports/runner.ts';

const LIVE_MAX = 1000;
const NEAR_POOL = 300;
const HISTORY = 20;

export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

interface Listed<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

type Read<T> = Result<T, Failure>;

export class Queries {
  readonly #sql: SqlReader;

  constructor(sql: SqlReader) {
    this.#sql = sql;
  }

  town(): Town {
    const row = towns.get(this.#sql, 'town');
    if (row === undefined) throw new Error('the town has no row');
    return row;
  }

  lastSeq(): number {
    return journal.lastSeq(this.#sql);
  }

  status(version: string) {
    const { tag, name, status, usage } = this.town();
    const dispatch = dispatches.get(this.#sql, 'dispatch');
    const nextAlarmAt = agenda.nextDueAt(this.#sql);
    return {
      town: { tag, name, status },
      version,
      seq: this.lastSeq(),
      beads: beads.counts(this.#sql),
      live: attempts.live(this.#sql, LIVE_MAX).map(view.attemptView),
      mergeRequests: mergeRequests.live(this.#sql, LIVE_MAX).map(view.mergeRequestView),
      escalations: escalations.open(this.#sql).map((row) => this.#escalation(row)),
      rigs: rigs.all(this.#sql).map(view.rigView),
      runners: runners.all(this.#sql).map(view.runnerView),
      dispatch: {
        status: dispatch?.status ?? ('granting' as const),
        waits: (dispatch?.waits ?? []).map((wait) => view.waitView(wait, {})),
      },
      usage,
      nextAlarmAt: view.isoOrNull(nextAlarmAt),
    };
  }

  listBeads(
    filter: {
      readonly rig?: string | undefined;
      readonly status?: BeadStatus | undefined;
      readonly all?: boolean | undefined;
    },
    page: PageRequest,
  ) {
    const cursor = beadCursor(page.cursor);
    if (!cursor.ok) return cursor;
    const known = this.#rigIfNamed(filter.rig);
    if (!known.ok) return known;
    const rows = beads.list(
      this.#sql,
      {
        ...(filter.rig === undefined ? {} : { rig: rigId(filter.rig) }),
        ...(filter.status === undefined ? {} : { status: filter.status }),
        all: filter.all ?? false,
      },
      cursor.value,
      page.limit + 1,
    );
    const items = rows.slice(0, page.limit);
    const last = items.at(-1);
    const more = rows.length > page.limit && last !== undefined;
    const waits = waitsOf(this.#sql, this.town());
    const related = dependencies.around(
      this.#sql,
      items.map(({ id }) => id),
    );
    return ok({
      items: items.map((bead) => {
        const alone = { position: null, course: null };
        return view.beadView(bead, { waits: waits(bead), ...related(bead.id), ...alone });
      }),
      next: more ? `${last.createdAt}_${last.id}` : null,
    });
  }

  bead(id: string) {
    const row = this.beadRow(id);
    if (!row.ok) return row;
    const bead = row.value;
    const inLine = bead.status === 'open' && bead.ready && bead.attempt === null;
    return ok(
      view.beadView(bead, {
        waits: waitsOf(this.#sql, this.town())(bead),
        after: dependencies.blockers(this.#sql, bead.id),
        blocks: dependencies.dependents(this.#sql, bead.id),
        position: inLine ? beads.ahead(this.#sql, bead) + 1 : null,
        course: courseOf(this.#sql, bead),
      }),
    );
  }

  beadRow(id: string): Read<Bead> {
    const bead = beads.get(this.#sql, id);
    if (bead !== undefined) return ok(bead);
    return this.#unknown('bead', id, () =>
      beads
        .list(this.#sql, { all: true }, null, NEAR_POOL)
        .concat(beads.list(this.#sql, {}, null, NEAR_POOL))
        .map((row) => row.id),
    );
  }

  /** Where a bead's repository is, for reading from it. */
  rigRef(bead: Bead): Read<RigRef> {
    const rig = rigs.get(this.#sql, bead.rig);
    if (rig === undefined) return this.#unknown('rig', bead.rig, () => this.#rigNames());
    return ok(rigRefOf(rig, this.town()));
  }

  listRigs(): Listed<ReturnType<typeof view.rigView>> {
    return { items: rigs.all(this.#sql).map(view.rigView), next: null };
  }

  rig(id: string) {
    const row = this.rigRow(id);
    return row.ok ? ok(view.rigView(row.value)) : row;
  }

  rigRow(id: string) {
    const rig = rigs.get(this.#sql, id);
    return rig === undefined ? this.#unknown('rig', id, () => this.#rigNames()) : ok(rig);
  }

  listMergeRequests(
    filter: {
      readonly rig?: string | undefined;
      readonly live?: boolean | undefined;
      readonly failureKind?: string | undefined;
    },
    page: PageRequest,
  ) {
    const known = this.#rigIfNamed(filter.rig);
    if (!known.ok) return known;
    const offset = offsetOf(page.cursor);
    if (!offset.ok) return offset;
    const { rig, failureKind } = filter;
    const fetch = (count: number, from: number) => {
      if (failureKind !== undefined) {
        // Few at a time, and only live ones: read whole.
        const live = mergeRequests.live(this.#sql, LIVE_MAX);
        const unseen = live.filter((row) => row.unobservable?.failureKind === failureKind);
        return unseen.slice(from, from + count);
      }
      if (filter.live === true) {
        const live =
          rig === undefined
            ? mergeRequests.live(this.#sql, from + count)
            : mergeRequests.liveOfRig(this.#sql, rigId(rig), from + count);
        return live.slice(from);
      }
      return mergeRequests.list(this.#sql, count, from);
    };
    const rows = fetch(page.limit + 1, offset.value);
    const items = rows.slice(0, page.limit);
    return ok({
      items: items.filter((row) => rig === undefined || row.rig === rig).map(view.mergeRequestView),
      next: rows.length > page.limit ? String(offset.value + page.limit) : null,
    });
  }

  mergeRequest(id: string) {
    const row = mergeRequests.get(this.#sql, id);
    if (row !== undefined) return ok(view.mergeRequestView(row));
    return this.#unknown('merge request', id, () =>
      mergeRequests.list(this.#sql, NEAR_POOL, 0).map((request) => request.id),
    );
  }

  listAttempts(
    filter: { readonly bead?: string | undefined; readonly live?: boolean | undefined },
    page: PageRequest,
  ) {
    const offset = offsetOf(page.cursor);
    if (!offset.ok) return offset;
    const rows = this.#attemptRows(filter, offset.value + page.limit + 1);
    if (!rows.ok) return rows;
    const from = rows.value.slice(offset.value);
    return ok({
      items: from.slice(0, page.limit).map(view.attemptView),
      next: from.length > page.limit ? String(offset.value + page.limit) : null,
    });
  }

  attempt(id: string) {
    const row = this.attemptRow(id);
    return row.ok ? ok(view.attemptView(row.value)) : row;
  }

  /** A bead's id means its last attempt. */
  attemptRow(id: string): Read<Attempt> {
    const row = attempts.get(this.#sql, id) ?? attempts.ofBead(this.#sql, beadId(id)).at(-1);
    if (row !== undefined) return ok(row);
    return this.#unknown('attempt', id, () =>
      attempts.recent(this.#sql, NEAR_POOL).map((attempt) => attempt.id),
    );
  }

  transcript(id: string, after: number, limit: number) {
    const rows = transcripts.after(this.#sql, attemptId(id), after, limit + 1);
    const items = rows.slice(0, limit).map((chunk) => ({
      seq: chunk.seq,
      entries: chunk.entries.map(view.transcriptEntryView),
    }));
    return { items, next: rows.length > limit ? String(items.at(-1)?.seq ?? after) : null };
  }

  listEscalations(all: boolean, page: PageRequest) {
    const offset = offsetOf(page.cursor);
    if (!offset.ok) return offset;
    const rows = all
      ? escalations.recent(this.#sql, offset.value + page.limit + 1)
      : escalations.open(this.#sql);
    const from = rows.slice(offset.value);
    return ok({
      items: from.slice(0, page.limit).map((row) => this.#escalation(row)),
      next: from.length > page.limit ? String(offset.value + page.limit) : null,
    });
  }

  escalation(id: string) {
    const row = escalations.get(this.#sql, id);
    if (row !== undefined) return ok(this.#escalation(row));
    return this.#unknown('escalation', id, () =>
      escalations.recent(this.#sql, NEAR_POOL).map((escalation) => escalation.id),
    );
  }

  #escalation(row: Escalation) {
    return view.escalationView(row, aboutEscalation(this.#sql, row));
  }

  listRunners(): Listed<ReturnType<typeof view.runnerView>> {
    return { items: runners.all(this.#sql).map(view.runnerView), next: null };
  }

  /** Oldest first. With a kind and an id: of that one thing. */
  journalAfter(
    seq: number,
    limit: number,
    of?: { readonly kind: EntityKind; readonly id: string },
  ): Listed<ReturnType<typeof view.journalView>> {
    const rows =
      of === undefined
        ? journal.after(this.#sql, seq, limit + 1)
        : journal.of(this.#sql, of.kind, of.id, seq, limit + 1);
    const items = rows.slice(0, limit).map(view.journalView);
    return { items, next: rows.length > limit ? String(items.at(-1)?.seq ?? seq) : null };
  }

  journalPage(seq: number, limit: number, kind: string | undefined, id: string | undefined) {
    if (kind === undefined && id === undefined) return ok(this.journalAfter(seq, limit));
    const known = entityKinds.find((one) => one === kind);
    if (known === undefined || id === undefined) {
      const expected = `one of ${entityKinds.join(', ')}, together with id`;
      return bad('kind', kind ?? '', expected);
    }
    return ok(this.journalAfter(seq, limit, { kind: known, id }));
  }

  /** Whatever bears the name. */
  why(name: string) {
    const subject = subjectOf(this.#sql, name);
    if (subject === null) return this.#unknown('thing', name, () => this.#anyNames());
    const { kind, id, title, status } = subject;
    const related = subject.related.flatMap((other) => {
      const found = other === null ? null : subjectOf(this.#sql, other);
      return found === null ? [] : [{ kind: found.kind, id: found.id, status: found.status }];
    });
    return ok({
      subject: { kind, id, title, status },
      answer: answerOf(subject),
      waits: subject.waits.map((wait) => view.waitView(wait, subject.about)),
      failures: subject.failures.map((failure) => view.failureView(failure, subject.about)),
      related,
      history: journal.lastOf(this.#sql, kind, id, HISTORY).map(view.journalView),
    });
  }

  /** As they hold for a rig, or for the town. */
  settings(rig: string | null) {
    const row = rig === null ? null : this.rigRow(rig);
    if (row !== null && !row.ok) return row;
    const items = settingViews(this.town().settings, row === null ? {} : row.value.settings);
    return ok({ items, next: null });
  }

  /** Every check of the last look, and what setup said since. */
  rigDoctor(id: string, look: LookView | null) {
    const row = this.rigRow(id);
    return row.ok ? ok(doctorView(row.value, look)) : row;
  }

  #anyNames(): readonly string[] {
    return [
      ...this.#rigNames(),
      ...beads.list(this.#sql, {}, null, NEAR_POOL).map((row) => row.id),
      ...mergeRequests.live(this.#sql, NEAR_POOL).map((row) => row.id),
      ...escalations.open(this.#sql).map((row) => row.id),
    ];
  }

  #attemptRows(
    filter: { readonly bead?: string | undefined; readonly live?: boolean | undefined },
    count: number,
  ): Read<readonly Attempt[]> {
    if (filter.bead !== undefined) {
      const bead = this.beadRow(filter.bead);
      if (!bead.ok) return bead;
      const ofBead = attempts.ofBead(this.#sql, bead.value.id).toReversed();
      return ok(filter.live === true ? ofBead.filter((row) => row.status !== 'ended') : ofBead);
    }
    if (filter.live === true) return ok(attempts.live(this.#sql, count));
    return ok(attempts.recent(this.#sql, count));
  }

  #rigIfNamed(rig: string | undefined): Read<null> {
    if (rig === undefined) return ok(null);
    const row = this.rigRow(rig);
    return row.ok ? ok(null) : row;
  }

  #rigNames(): readonly string[] {
    return rigs.all(this.#sql).map((rig) => rig.id);
  }

  /** Q3 */
  #unknown(thing: string, name: string, pool: () => readonly string[]): Read<never> {
    const names = near(name, Array.from(new Set(pool())));
    return err({ kind: 'unknown_thing', helps: 'person', thing, name, near: names });
  }
}

const entityKinds: readonly EntityKind[] = [
  ...(['town', 'bead', 'attempt', 'job', 'merge_request', 'rig'] as const),
  ...(['escalation', 'runner', 'dispatch', 'forge_account'] as const),
];
