/**
 * Answers to commands, remembered under the key they came with. K2: a repeat is answered, not
 * carried out again; the same key with another command is refused.
 */
import type { SqlReader, Tx } from '../../ports/sql.ts';

const schema = [
  `create table idempotency (
     key text primary key, command text not null, answer text not null, at integer not null
   ) strict, without rowid`,
  `create index idempotency_by_age on idempotency(at)`,
];
const statements = {
  get: `select command, answer from idempotency where key = ?`,
  put: `insert into idempotency (key, command, answer, at) values (?, ?, ?, ?)`,
  expire: `delete from idempotency where at < ?`,
};

export const idempotency = {
  schema: () => schema,
  statements: () => Object.values(statements),
  get(reader: SqlReader, key: string): { command: string; answer: string } | undefined {
    const row = reader.get(statements.get, key);
    if (row === undefined) return undefined;
    return { command: String(row['command']), answer: String(row['answer']) };
  },
  put: (tx: Tx, key: string, command: string, answer: string, at: number) =>
    tx.run(statements.put, key, command, answer, at),
  expire: (tx: Tx, before: number) => tx.run(statements.expire, before),
};
