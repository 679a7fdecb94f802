/**
 * Replaying the journal gives each row's status: `from` is where the row was, `to` where it is.
 */
import type { Checker } from './checker.ts';

export function journalStatus(): Checker {
  const status = new Map<string, string | null>();
  return {
    name: 'journal_status',
    cheap: false,
    look({ rows, fresh, fail }) {
      for (const row of fresh) {
        if (row.op === 'note') continue;
        const name = `${row.kind}/${row.id}`;
        if (row.op === 'update' && status.has(name) && status.get(name) !== row.from) {
          fail(`journal ${row.seq}: ${name} was ${status.get(name)}, not ${row.from}`);
        }
        status.set(name, row.to);
      }
      const expect = (kind: string, id: string, now: string) => {
        const told = status.get(`${kind}/${id}`);
        if (told !== now) fail(`${kind} ${id} is ${now}, the journal says ${told ?? 'nothing'}`);
      };
      for (const bead of rows.beads) expect('bead', bead.id, bead.status);
      for (const attempt of rows.liveAttempts) expect('attempt', attempt.id, attempt.status);
      for (const job of rows.liveJobs) expect('job', job.id, job.status);
      for (const request of rows.liveRequests) expect('merge_request', request.id, request.stage);
      for (const rig of rows.rigs) expect('rig', rig.id, rig.status);
      for (const row of rows.openEscalations) expect('escalation', row.id, row.status);
    },
  };
}
