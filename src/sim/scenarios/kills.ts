/**
 * `kill -9` at every single transaction of one bead's life, before its commit and after it: the
 * bead lands all the same, once.
 */
import { scripted, type Scenario } from './scenario.ts';

const kinds = ['crash_server_before_commit', 'crash_server_after_commit'] as const;

/** More than the edges one life has; a script that runs out of edges ends at once. */
const edgesMax = 120;

export const killScenarios: readonly Scenario[] = kinds.map((kind) => ({
  name: `killed at every edge: ${kind}`,
  why: 'work was lost or done twice when the server was killed at an unlucky moment',
  async run() {
    for (let edge = 0; edge < edgesMax; edge += 1) {
      let happened = false;
      const failures = await scripted({
        name: `${kind} ${edge}`,
        why: '',
        async script(stage) {
          stage.world.faults.force(kind, 1, edge);
          const first = await stage.sling('one');
          await stage.sling('two', [first]);
          await stage.until(() =>
            stage.world.rows.read().beads.every((b) => b.status === 'closed'),
          );
          happened = stage.world.faults.counts[kind] > 0;
          await stage.settle();
          const merged = stage.world.rows.read().beads.filter((b) => b.resolution === 'merged');
          stage.expect(merged.length === 2, `${merged.length} of 2 merged`);
          const { history } = stage.world.git.remote('web');
          const pushes = history.filter((landed) => landed.by === 'town').length;
          stage.expect(pushes === 2, `${pushes} pushes`);
        },
      }).run();
      if (failures.length > 0) return failures.map((f) => ({ ...f, step: edge }));
      if (!happened) return [];
    }
    return [];
  },
}));
