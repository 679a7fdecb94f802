/** A whole attempt of the scripted agent inside the real containment, at each level. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { call, launchSpec, makeWorld, script, type World } from '../../test/agents/world.ts';
import {
  levels,
  machineAt,
  random,
  temporaryDirectory,
  timers,
} from '../../test/containment/machine.ts';
import { MachineContainment } from './containment.ts';
import { runProcess } from './run-process.ts';
import { SetupCache } from './setup-cache.ts';

let world: World;
afterEach(() => world.close());

describe.each(levels)('an agent at level %s', (level) => {
  test('is set up, works, calls its tool and leaves nothing behind', async () => {
    const home = temporaryDirectory('gt agent');
    const machine = machineAt(level, home);
    const containment = new MachineContainment({
      machine,
      cache: new SetupCache({
        directory: join(home, 'cache'),
        run: (spec) => runProcess(spec, timers),
        clock: machine.clock,
        random,
        platform: process.platform,
      }),
      homes: join(home, 'homes'),
      personHome: join(home, 'person'),
      product: fileURLToPath(new URL('../..', import.meta.url)),
    });
    const setup = containment.setup.bind(containment);
    world = await makeWorld({ home, needs: { containment, setup } });
    await world.runner.start();
    const prompt = script(
      { run: 'git config user.name A && git config user.email a@example.invalid' },
      { write: { path: 'a.txt', text: 'one\n' } },
      { commit: 'Add a' },
      { done: 'Added a.' },
    );
    const step = {
      name: 'install',
      command: 'mkdir deps && echo x > deps/x',
      timeoutMs: 20_000,
      cacheKeyFiles: [],
    };
    await world.runner.startAttempt(call, launchSpec({ prompt, setup: [step] }));
    const ended = await world.until('attempt_ended');
    expect(ended.end).toEqual({ outcome: 'submitted', failure: null, saved: null });
    expect(await world.git('web-1', 'show', '--name-only', '--format=', 'HEAD')).toBe('a.txt');
  });
});
