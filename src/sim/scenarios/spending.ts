/**
 * What a town may spend on work that does not succeed, and what it costs when nothing happens.
 */
import { scripted, type Scenario } from './scenario.ts';

export const spendingScenarios: readonly Scenario[] = [
  scripted({
    name: 'an agent that always crashes is tried so often and no more',
    why: 'retry loops: one task started agents for ever',
    async script(stage) {
      stage.world.faults.force('agent_crash', 1_000);
      const id = await stage.sling('one');
      await stage.until(() => stage.bead(id).status === 'failed', 5_000);
      const { status, attempts, charged, escalation } = stage.bead(id);
      stage.expect(status === 'failed', `${id} is ${status}`);
      stage.expect(
        attempts === charged && charged <= 5,
        `${attempts} attempts, ${charged} charged`,
      );
      const about = stage.world.rows.read().openEscalations.filter((row) => row.subject === id);
      stage.expect(about.length === 1, `${about.length} escalations (${escalation ?? 'none'})`);
      const before = stage.world.runner.started;
      await stage.until(() => stage.world.runner.started > before, 300);
      stage.expect(stage.world.runner.started === before, 'nothing starts until a person acts');
      await stage.settle();
    },
  }),
  scripted({
    name: 'an agent that says it is done is not believed',
    why: 'beads closed on the word of an agent that had changed nothing',
    async script(stage) {
      stage.world.faults.force('agent_lie', 2);
      const id = await stage.sling('one');
      await stage.until(() => stage.bead(id).status === 'closed', 5_000);
      stage.expect(stage.bead(id).resolution === 'merged', `${id} is merged`);
      stage.expect(stage.bead(id).attempts === 3, `${stage.bead(id).attempts} attempts`);
      await stage.settle();
    },
  }),
  scripted({
    name: 'a held bead costs nothing',
    why: 'idle agents that burn money, timers that never stop',
    async script(stage) {
      const id = await stage.sling('one', [], true);
      await stage.until(() => false, 200);
      stage.expect(stage.bead(id).status === 'held', `${id} is held`);
      stage.expect(stage.world.server.alarmAt === null, 'no alarm is set');
      stage.expect(stage.world.time.nextAt() === null, 'the runner is quiet');
      await stage.settle();
    },
  }),
  scripted({
    name: 'the cost of a change does not follow the size of the town',
    why: 'every tick read the whole town',
    async script(stage) {
      const cost = async () => {
        const id = await stage.sling(`task ${stage.world.actions}`, [], true);
        await stage.ask({ kind: 'bead_edit', bead: id, edit: { priority: 1 } });
        return stage.world.server.lastCost.statements;
      };
      const small = await cost();
      for (let i = 0; i < 150; i += 1) await stage.sling(`filler ${i}`, [], true);
      const large = await cost();
      stage.expect(large <= small + 5, `${small} statements in a small town, ${large} in a large`);
    },
  }),
];
