/**
 * P2: at most one live attempt per bead, in the rows and on the machine; a bead names the one.
 */
import type { Checker } from './checker.ts';

export function oneLiveAttempt(): Checker {
  return {
    name: 'one_live_attempt',
    cheap: false,
    look({ world, rows, fail }) {
      const rowOf = new Map<string, string>();
      for (const attempt of rows.liveAttempts) {
        const other = rowOf.get(attempt.bead);
        if (other !== undefined) fail(`${other} and ${attempt.id} are both live`);
        rowOf.set(attempt.bead, attempt.id);
        const bead = rows.beads.find((candidate) => candidate.id === attempt.bead);
        if (bead?.attempt !== attempt.id) {
          fail(`${attempt.id} is live, its bead names ${bead?.attempt ?? 'none'}`);
        }
      }
      const agentOf = new Map<string, string>();
      for (const agent of world.runner.agents.values()) {
        const other = agentOf.get(agent.spec.bead);
        if (other !== undefined) fail(`agents of ${other} and ${agent.spec.attempt} both run`);
        agentOf.set(agent.spec.bead, agent.spec.attempt);
      }
    },
  };
}
