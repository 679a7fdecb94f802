/** The probe tells what is there, and why something is not. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { noStrong, temporaryDirectory, timers } from '../../test/containment/machine.ts';
import { probeIsolation } from './isolation-probe.ts';
import type { IsolationFound } from './isolation-probe.ts';

/** A machine whose bubblewrap is this script. */
function probeWith(script: string): Promise<IsolationFound> {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'bwrap'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, 'bwrap'), 0o755);
  return probeIsolation({ timers, platform: 'linux', path: `${directory}:/usr/bin:/bin` });
}

describe('the isolation level', () => {
  test('is process where bubblewrap is not installed, and says so', async () => {
    const found = await probeIsolation({ timers, platform: 'linux', path: '/does/not/exist' });
    expect(found).toEqual({ level: 'process', note: 'bubblewrap (bwrap) is not installed' });
  });

  test('is process where bubblewrap may not make namespaces, with its own words', async () => {
    const words = 'bwrap: setting up uid map: Permission denied';
    expect(await probeWith(`echo '${words}' >&2; exit 1`)).toEqual({
      level: 'process',
      note: `bubblewrap cannot start here: ${words}`,
    });
  });

  test('is process where bubblewrap pretends and makes no PID namespace', async () => {
    const pretend = 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"';
    expect((await probeWith(pretend)).level).toBe('process');
  });

  test('is process on another system', async () => {
    const found = await probeIsolation({ timers, platform: 'darwin', path: '/usr/bin' });
    expect(found).toEqual({ level: 'process', note: 'there is no bubblewrap on darwin' });
  });

  test.skipIf(noStrong !== null)(
    `is strong here (needs bubblewrap${noStrong === null ? '' : `: ${noStrong}`})`,
    async () => {
      const path = process.env['PATH'] ?? '';
      const found = await probeIsolation({ timers, platform: process.platform, path });
      expect(found).toEqual({ level: 'strong', note: null });
    },
  );
});
