/**
 * P11: what one changed bead costs does not depend on how large its town is, counted in statements,
 * and each of them finds its rows through an index.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bigTown, type BigTown } from '../../bench/model-town.ts';
import type { AttemptId } from '../core/ids.ts';
import type { SqlRow, SqlValue } from '../ports/sql.ts';
import { MemorySql } from '../sim/world/memory-sql.ts';

class RecordingSql extends MemorySql {
  statements: string[] = [];

  override all(statement: string, ...params: readonly SqlValue[]): readonly SqlRow[] {
    this.statements.push(statement);
    return super.all(statement, ...params);
  }

  override get(statement: string, ...params: readonly SqlValue[]): SqlRow | undefined {
    this.statements.push(statement);
    return super.get(statement, ...params);
  }

  override run(statement: string, ...params: readonly SqlValue[]): void {
    this.statements.push(statement);
    super.run(statement, ...params);
  }

  /** What `work` sends. */
  during(work: () => void): readonly string[] {
    this.statements = [];
    work();
    return [...this.statements];
  }
}

interface Cost {
  readonly sling: readonly string[];
  readonly submitted: readonly string[];
  readonly ended: readonly string[];
}

const sizes = [100, 10_000] as const;

describe('one changed bead', () => {
  const towns: { sql: RecordingSql; big: BigTown; cost: Cost }[] = [];

  beforeAll(async () => {
    for (const size of sizes) {
      const sql = new RecordingSql();
      // No tick is cut short by its time budget, however busy the machine.
      const big = await bigTown(sql, size, () => 0);
      towns.push({ sql, big, cost: await costOf(sql, big) });
    }
  }, 60_000);

  afterAll(() => {
    for (const { big } of towns) big.model.close();
  });

  test('is made of rows that fit together, so that nothing else moves', () => {
    for (const { big } of towns) expect(big.model.town.dryResync()).toEqual([]);
  });

  test('sends as many statements in a town of 10,000 live beads as in one of 100', () => {
    const counts = towns.map(({ cost }) => ({
      sling: cost.sling.length,
      submitted: cost.submitted.length,
      ended: cost.ended.length,
    }));
    expect(counts[1]).toEqual(counts[0]);
    expect(counts[0]?.ended).toBeGreaterThan(10);
  });

  test('reads the whole of no table that grows with the town', () => {
    const town = towns[1];
    const { sling, submitted, ended } = town?.cost ?? { sling: [], submitted: [], ended: [] };
    const reads = new Set([...sling, ...submitted, ...ended].filter((text) => isRead(text)));
    const scanned = [...reads].filter((text) => scans(town?.sql, text)).map(tableOf);
    // A town has as many rigs as a team has repositories; the counters are three rows.
    expect(scanned.toSorted()).toEqual(['agenda', 'counters', 'journal', 'rigs', 'runners']);
  });
});

/** A bead of each town: slung, then another one's work and end, which grants a slot again. */
async function costOf(sql: RecordingSql, { model, running }: BigTown): Promise<Cost> {
  const attempt: AttemptId | undefined = running[8];
  if (attempt === undefined) throw new Error('nothing runs');
  // The first turn of a process looks at a batch of everything, once a minute.
  model.sling('alpha');
  await model.rest();
  const sling = sql.during(() => model.sling('alpha'));
  const submitted = sql.during(() => model.submitted(attempt));
  const ended = sql.during(() => model.ended(attempt));
  await model.rest();
  if (model.started.length !== 1) throw new Error('a slot was to be granted');
  return { sling, submitted, ended };
}

function isRead(statement: string): boolean {
  return statement.includes('select');
}

/**
 * A search that names no column is a scan, too. The first row of the agenda's index and the last of
 * the journal's key are called so, although they read one row.
 */
function scans(sql: RecordingSql | undefined, statement: string): boolean {
  const params = Array.from({ length: statement.split('?').length - 1 }, () => null);
  const plan = sql?.all(`explain query plan ${statement}`, ...params) ?? [];
  const steps = plan.map((row) => String(row['detail']));
  return steps.some((step) => step.startsWith('SCAN') || /^SEARCH [^(]*$/.test(step));
}

function tableOf(statement: string): string {
  return /\bfrom (\w+)/.exec(statement)?.[1] ?? statement;
}
