/** What a contained child can see, do and leave behind, at each level this machine has. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  existsSync,
  readdirSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  levels,
  machineAt,
  noStrong,
  placeIn,
  random,
  temporaryDirectory,
  until,
} from '../../test/containment/machine.ts';
import type { IsolationLevel } from '../core/launch-spec.ts';
import { childEnv } from './child-env.ts';
import { killLeftovers, runShell } from './machine.ts';
import type { ShellResult } from './machine.ts';
import { networkNote, spawnContained } from './sandbox.ts';
import type { ContainedSpec } from './sandbox.ts';

interface Options {
  readonly timeoutMs?: number;
  readonly cancel?: AbortSignal;
  readonly outputBytesMax?: number;
  readonly network?: 'open' | 'none';
}

function shell(
  level: IsolationLevel,
  root: string,
  command: string,
  options: Options = {},
): Promise<ShellResult> {
  return runShell(machineAt(level, root), {
    command,
    place: placeIn(root),
    role: 'gate',
    subject: 'x',
    env: {},
    network: 'open',
    timeoutMs: 20_000,
    outputBytesMax: 64 * 1024,
    ...options,
  });
}

/** An ordinary child of a directory, for what `runShell` does not show. */
function spec(level: IsolationLevel, root: string, over: Partial<ContainedSpec>): ContainedSpec {
  const machine = machineAt(level, root);
  const place = placeIn(root);
  const marker = random.token(20);
  return {
    level,
    command: '/bin/sh',
    args: [],
    cwd: place.directory,
    env: childEnv({
      base: machine.env,
      home: place.home,
      tmp: place.tmp,
      labels: { role: 'polecat', agentId: 'a', townId: 't' },
      extra: {},
      marker,
      modelKeys: false,
    }),
    writable: [place.directory, place.home, place.tmp],
    readable: [],
    hidden: machine.hidden,
    network: 'open',
    marker,
    ...over,
  };
}

describe.each(levels)('at level %s, a command', (level) => {
  test.each<[string, number | null]>([
    ['exit 0', 0],
    ['exit 7', 7],
    ['no-such-command-anywhere', 127],
    ['touch f; ./f', 126],
  ])('%j ends with %j', async (command, exitCode) => {
    const result = await shell(level, temporaryDirectory(), command);
    expect(result).toMatchObject({ exitCode, timedOut: false, startFailure: null });
  });

  test('has its own home, temporary directory and no secret of the host', async () => {
    const root = temporaryDirectory();
    const { output } = await shell(level, root, 'env; touch "$HOME/h" "$TMPDIR/t" ./d && pwd');
    expect(output).toContain(`HOME=${root}/own-home\n`);
    expect(output).toContain(`TMPDIR=${root}/tmp\n`);
    expect(output).toContain(`\n${root}/checkout\n`);
    expect(output).not.toContain('forge-secret');
    expect(existsSync(join(root, 'own-home/h'))).toBe(true);
  });

  test('that ends leaves nothing running, not even what left its group and parent', async () => {
    const seconds = `6${random.below(1e9)}`;
    const script = `setsid sleep ${seconds} & (setsid sh -c "sleep ${seconds} & wait" &)
      sleep ${seconds} & until [ "$(pgrep -fc "^sleep ${seconds}")" = 3 ]; do :; done`;
    const { exitCode } = await shell(level, temporaryDirectory(), script);
    expect(exitCode).toBe(0);
    const left = execFileSync('ps', ['-axo', 'state=,args=']).toString().split('\n');
    expect(left.filter((line) => line.includes(seconds) && !line.startsWith('Z'))).toEqual([]);
  });

  test('that forks without end is stopped at its time limit, wholly', async () => {
    const root = temporaryDirectory();
    const script =
      'for i in 1 2 3 4 5 6 7 8; do setsid sleep 600 & done; echo forked; wait; sleep 600';
    const result = await shell(level, root, script, { timeoutMs: 700 });
    expect(result.timedOut).toBe(true);
    expect(result.output).toBe('forked\n');
    expect(readdirSync(join(root, 'records'))).toEqual([]);
  });

  test('can be cancelled', async () => {
    const abort = new AbortController();
    const running = shell(level, temporaryDirectory(), 'sleep 600', { cancel: abort.signal });
    abort.abort();
    expect(await running).toMatchObject({ cancelled: true, timedOut: false });
  });

  test('that prints 100 MB costs its bound, and its beginning and end are kept', async () => {
    const command = 'echo first; head -c 100000000 /dev/zero | tr "\\0" x; echo; echo last';
    const { output, exitCode } = await shell(level, temporaryDirectory(), command);
    expect(exitCode).toBe(0);
    expect(output.startsWith('first\n')).toBe(true);
    expect(output.endsWith('\nlast\n')).toBe(true);
    expect(output).toMatch(/… \d+ bytes left out …/);
    expect(output.length).toBeLessThan(70 * 1024);
  });

  test('works in a directory with spaces, quotes and letters of any language', async () => {
    const root = join(temporaryDirectory(), "ä b 'c' 日本 $HOME");
    mkdirSync(root);
    const { output } = await shell(level, root, 'pwd; echo x > "é ü"; ls');
    expect(output).toBe(`${join(root, 'checkout')}\né ü\n`);
  });

  test('has a record while it runs and none afterwards', async () => {
    const root = temporaryDirectory();
    const machine = machineAt(level, root);
    const recordPath = join(root, 'records', 'one');
    const child = spawnContained(
      spec(level, root, { args: ['-c', 'read line; exit 3'], recordPath }),
      machine.tree,
    );
    expect(JSON.parse(readFileSync(recordPath, 'utf8'))).toMatchObject({ pid: child.pid });
    child.stdin.end('go\n');
    expect((await child.ended).exitCode).toBe(3);
    expect(existsSync(recordPath)).toBe(false);
  });

  test('is ended by a later life of the runner through its record', async () => {
    const root = temporaryDirectory();
    const machine = machineAt(level, root);
    const recordPath = join(root, 'records', 'one');
    const child = spawnContained(
      spec(level, root, { command: 'sleep', args: ['600'], recordPath }),
      machine.tree,
    );
    expect(await killLeftovers(machine)).toEqual([]);
    expect(await child.ended).toMatchObject({ signal: 'SIGKILL' });
  });

  test('may end by itself when it is asked to', async () => {
    const root = temporaryDirectory();
    const script = 'trap "echo bye; exit 5" TERM; echo up; while :; do sleep 0.05; done';
    const child = spawnContained(
      spec(level, root, { args: ['-c', script] }),
      machineAt(level, root).tree,
    );
    const said: string[] = [];
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    await until(() => said.join('').includes('up'));
    expect(await child.killTree(5_000)).toMatchObject({ exitCode: 5 });
    expect(said.join('')).toContain('bye');
  });

  test('whose login is listed finds it in its own home and nothing beside it', async () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, 'person/.agent'), { recursive: true });
    writeFileSync(join(root, 'person/.agent/auth.json'), 'login');
    const from = join(root, 'person/.agent/auth.json');
    const login = { from, to: join(root, 'own-home/.agent/auth.json'), writable: false };
    const missing = { from: '/does/not/exist', to: join(root, 'own-home/.x'), writable: false };
    const child = spawnContained(
      spec(level, root, {
        args: ['-c', 'cat "$HOME/.agent/auth.json"; ls -A "$HOME"'],
        logins: [login, missing],
      }),
      machineAt(level, root).tree,
    );
    const said: string[] = [];
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    await child.ended;
    await until(() => said.join('').endsWith('.agent\n'));
    expect(said.join('')).toBe('login.agent\n');
  });
});

describe('at level process, where something can escape', () => {
  test('what does and keeps the output open holds nobody up', async () => {
    const sleeper = 'echo $$ > pid.new; mv pid.new pid; sleep 600';
    const away = `env -i PATH="$PATH" setsid sh -c '${sleeper}' &`;
    const root = temporaryDirectory();
    const { exitCode } = await shell('process', root, `(${away}); until [ -e pid ]; do :; done`);
    expect(exitCode).toBe(0);
    process.kill(-Number(readFileSync(join(root, 'checkout/pid'), 'utf8')), 'SIGKILL');
  });
});

describe('a command that is not there', () => {
  test('is told apart from one that failed, at level process', async () => {
    const root = temporaryDirectory();
    const child = spawnContained(
      spec('process', root, { command: '/does/not/exist' }),
      machineAt('process', root).tree,
    );
    expect((await child.ended).startFailure?.cause).toBe('not_found');
    expect(child.pid).toBeNull();
  });
});

describe.skipIf(noStrong !== null)(
  `at level strong (needs bubblewrap${noStrong === null ? '' : `: ${noStrong}`}), a command`,
  () => {
    test('sees neither the person’s home nor anything else that is not listed', async () => {
      const root = temporaryDirectory();
      mkdirSync(join(root, 'person/.ssh'), { recursive: true });
      writeFileSync(join(root, 'person/.ssh/id_ed25519'), 'private-key');
      const command = `cat ${root}/person/.ssh/id_ed25519; ls -A ${root}/person; ls / ${root}`;
      const { output } = await shell('strong', root, command);
      // It did look: what every command needs is listed.
      expect(output).toMatch(/^usr$/m);
      expect(output).not.toContain('private-key');
      expect(output).not.toMatch(/^(?:\.ssh|srv|mnt|boot|records)$/m);
    });

    test('sees a directory inside a hidden one only where it is listed', async () => {
      const root = temporaryDirectory();
      const person = join(root, 'person');
      mkdirSync(join(person, 'workspace'), { recursive: true });
      writeFileSync(join(person, 'secret'), 'secret');
      const child = spawnContained(
        spec('strong', root, {
          args: ['-c', `ls -A ${person}; echo new > ${person}/workspace/f`],
          writable: [join(person, 'workspace')],
          readable: [root],
          cwd: '/',
        }),
        machineAt('strong', root).tree,
      );
      const said: string[] = [];
      child.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString()));
      await child.ended;
      await until(() => said.length > 0);
      expect(said.join('')).toBe('workspace\n');
      expect(readFileSync(join(person, 'workspace/f'), 'utf8')).toBe('new\n');
    });

    test('can write only where it may', async () => {
      const root = temporaryDirectory();
      mkdirSync(join(root, 'mirror'));
      const command = `for at in / /usr /etc "$HOME" /tmp ${root}/mirror; do
        touch $at/probe 2>/dev/null && echo wrote $at; done; cat ${root}/mirror/f`;
      writeFileSync(join(root, 'mirror/f'), 'readable\n');
      const result = await runShell(machineAt('strong', root), {
        command,
        place: { ...placeIn(root), readable: [join(root, 'mirror')] },
        role: 'gate',
        subject: 'x',
        env: {},
        network: 'open',
        timeoutMs: 20_000,
        outputBytesMax: 10_000,
      });
      expect(result.output).toBe(`wrote ${root}/own-home\nwrote /tmp\nreadable\n`);
    });

    test('keeps its real name when its directory is reached through a link', async () => {
      const root = temporaryDirectory();
      mkdirSync(join(root, 'real'));
      symlinkSync(join(root, 'real'), join(root, 'link'));
      const { output } = await shell('strong', join(root, 'link'), `ls ${root}/real/checkout; pwd`);
      expect(output).toBe(`${root}/link/checkout\n`);
    });

    test('has no privilege, cannot gain one, and does not see other processes', async () => {
      const command = 'grep -E "CapEff|NoNewPrivs" /proc/self/status; ls /proc | grep -c "^[0-9]"';
      const { output } = await shell('strong', temporaryDirectory(), command);
      expect(output).toMatch(/CapEff:\s+0{16}\nNoNewPrivs:\s+1\n[1-9]\n/);
    });

    test('without network has none', async () => {
      const command = 'tail -n +3 /proc/net/dev | cut -d: -f1';
      const { output } = await shell('strong', temporaryDirectory(), command, { network: 'none' });
      expect(output.trim()).toBe('lo');
    });

    test('in a sandbox that cannot be made is a start that failed', async () => {
      const root = temporaryDirectory();
      const child = spawnContained(
        spec('strong', root, { cwd: join(root, 'missing') }),
        machineAt('strong', root).tree,
      );
      expect((await child.ended).startFailure?.cause).toBe('sandbox');
    });
  },
);

describe('what is said of the network', () => {
  test.each<[IsolationLevel, 'open' | 'model-and-loopback' | 'none', boolean]>([
    ['strong', 'open', true],
    ['strong', 'none', true],
    ['process', 'none', false],
    ['strong', 'model-and-loopback', false],
    ['process', 'model-and-loopback', false],
  ])('at %s, %s is kept: %s', (level, network, kept) => {
    expect(networkNote(level, network) === null).toBe(kept);
  });
});
