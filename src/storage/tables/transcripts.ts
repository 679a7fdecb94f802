/**
 * What agents said and did: numbered chunks, stored once each, read by a cursor.
 */
import type { TranscriptEntry } from '../../core/fact.ts';
import type { AttemptId } from '../../core/ids.ts';
import type { SqlReader, Tx } from '../../ports/sql.ts';

const schema = [
  `create table transcripts (
     attempt text not null, seq integer not null, entries text not null,
     primary key (attempt, seq)
   ) strict, without rowid`,
];
const statements = {
  add: `insert into transcripts (attempt, seq, entries) values (?, ?, ?) on conflict do nothing`,
  after: `select seq, entries from transcripts where attempt = ? and seq > ? order by seq limit ?`,
};

export interface TranscriptChunk {
  readonly seq: number;
  readonly entries: readonly TranscriptEntry[];
}

export const transcripts = {
  schema: () => schema,
  statements: () => Object.values(statements),
  /** A repeat of the same number is the same chunk and changes nothing. */
  add: (tx: Tx, attempt: AttemptId, chunk: TranscriptChunk) =>
    tx.run(statements.add, attempt, chunk.seq, JSON.stringify(chunk.entries)),
  after: (
    reader: SqlReader,
    attempt: AttemptId,
    seq: number,
    count: number,
  ): readonly TranscriptChunk[] =>
    reader.all(statements.after, attempt, seq, count).map((row) => ({
      seq: Number(row['seq']),
      entries: JSON.parse(String(row['entries'])) as TranscriptEntry[],
    })),
};
