/**
 * What a gate said about a commit, kept so that the target is judged once per tip and a reused
 * candidate is not judged again. The command is part of the key: a changed gate asks anew.
 */
import type { Commit, RigId } from '../../core/ids.ts';
import type { GateReport } from '../../core/job.ts';
import type { SqlReader, Tx } from '../../ports/sql.ts';

const schema = [
  `create table gate_results (
     rig text not null, commit_id text not null, gate text not null, command text not null,
     report text not null, primary key (rig, commit_id, gate, command)
   ) strict, without rowid`,
];
const statements = {
  put: `insert into gate_results (rig, commit_id, gate, command, report) values (?, ?, ?, ?, ?)
    on conflict (rig, commit_id, gate, command) do update set report = excluded.report`,
  of: `select report from gate_results where rig = ? and commit_id = ?`,
};

export const gateResults = {
  schema: () => schema,
  statements: () => Object.values(statements),
  put: (tx: Tx, rig: RigId, report: GateReport) =>
    tx.run(statements.put, rig, report.commit, report.gate, report.command, JSON.stringify(report)),
  of: (reader: SqlReader, rig: RigId, commit: Commit): readonly GateReport[] =>
    reader
      .all(statements.of, rig, commit)
      .map((row) => JSON.parse(String(row['report'])) as GateReport),
};
