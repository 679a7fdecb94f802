/**
 * The words of `gt`: every command has help with examples, every hint the town gives can be typed,
 * wrong words end with 2, and completion offers what the parser takes.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nouns, topCommands } from '../../src/cli/commands/index.ts';
import { completionFor } from '../../src/cli/completion.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { shellScripts } from '../../src/cli/shells.ts';
import type { CommandSpec } from '../../src/cli/spec.ts';
import { exampleAbout, failureExamples, waitExamples } from '../../src/core/examples.ts';
import { explain } from '../../src/core/explain.ts';
import { FakeTown, gt } from './cli-fake-town.ts';
import { bead } from './cli-samples.ts';

const top = topCommands.flatMap(({ commands }) => commands);
const all: readonly CommandSpec[] = [...top, ...nouns.flatMap(({ commands }) => commands)];

let town: FakeTown;

beforeEach(async () => {
  town = await new FakeTown().start();
});

afterEach(async () => town.stop());

describe('every command', () => {
  test.each(all.map((spec) => [spec.words, spec] as const))('%s has help', async (words, spec) => {
    const ran = await gt(town.home, [...words.split(' '), '--help']);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain('--json');
    expect(spec.examples.length).toBeGreaterThanOrEqual(2);
    for (const example of spec.examples) expect(ran.out).toContain(example);
  });

  test.each(all.flatMap(({ examples }) => examples).map((line) => [line]))(
    'can be typed as its help shows: %s',
    (line) => expect(wordsIn(line).map(parseProblem)).toEqual(wordsIn(line).map(() => null)),
  );

  test('that the town names in an explanation can be typed', () => {
    const said = [
      ...Object.values(failureExamples).map((failure) => explain(failure, exampleAbout)),
      ...Object.values(waitExamples)
        .flat()
        .map((wait) => explain(wait, exampleAbout)),
    ];
    const hints = said.flatMap(({ next }) => wordsIn(next));
    expect(hints.length).toBeGreaterThan(20);
    const wrong = hints.flatMap((hint) => {
      const problem = parseProblem(hint);
      return problem === null ? [] : [`${hint.join(' ')}: ${problem}`];
    });
    expect(wrong).toEqual([]);
  });
});

describe('wrong words', () => {
  test.each([
    [['bead', 'shw']],
    [['sling', 'web']],
    [['sling', 'web', 'a', '--priority', '9']],
    [['bead', 'list', '--colour']],
    [['mr', 'decide', 'mr-1', 'perhaps']],
    [['bead']],
    [['up', '--port', 'http']],
  ])('%j ends with 2 and says where help is', async (typed) => {
    const ran = await gt(town.home, typed);
    expect(ran.code).toBe(2);
    expect(ran.err).not.toBe('');
    expect(ran.out).toBe('');
    expect(town.received).toEqual([]);
  });

  test('with --json are one document too', async () => {
    const ran = await gt(town.home, ['bead', 'shw', '--json']);
    expect(ran.document()).toMatchObject({ error: { kind: 'usage', exitCode: 2 } });
  });

  test.each([[['--json']], [['bead', '--json']]])('%j lack a command', async (typed) => {
    const ran = await gt(town.home, typed);
    expect(ran.code).toBe(2);
    expect(ran.document()).toMatchObject({
      error: { kind: 'usage', what: 'A command is missing.' },
    });
    expect(ran.err).toContain('next: gt');
  });

  test.each([[''], ['.'], ['..']])('“%s” is no name of anything', async (name) => {
    for (const typed of [
      ['why', name],
      ['bead', 'show', name],
      ['rig', 'remove', name],
    ]) {
      const ran = await gt(town.home, typed);
      expect(ran).toMatchObject({ code: 2, out: '' });
      expect(ran.err).toContain(`evidence: it was given "${name}"`);
    }
    expect(town.received).toEqual([]);
  });
});

describe('a town that does not run', () => {
  // Where the system says "no such place" of a folder that may not be made, too.
  test('is not started in a home that cannot be made, which is said at once', async () => {
    const ran = await gt('/proc/gastown/home', ['up', '--detach', '--json'], { cwd: '/' });
    expect(ran.code).toBe(1);
    expect(ran.document()).toMatchObject({ error: { kind: 'home_not_writable' } });
  });

  test('ends every command that needs it with 5 and how to start it', async () => {
    const home = `${town.home}/elsewhere`;
    for (const typed of [['status'], ['bead', 'list'], ['feed'], ['down'], ['why', 'web-1']]) {
      const ran = await gt(home, [...typed, '--json']);
      expect(ran.code).toBe(5);
      expect(ran.document()).toMatchObject({ error: { kind: 'not_running', next: 'gt up' } });
      expect(ran.err).toContain('next: gt up');
    }
  });

  test('is not called missing where its files cannot be read', async () => {
    const home = `${town.home}/unreadable`;
    mkdirSync(`${home}/server.json`, { recursive: true });
    const ran = await gt(home, ['status', '--json']);
    expect(ran.document()).toMatchObject({ error: { kind: 'not_running' } });
    expect(ran.err).toContain('EISDIR');
  });
});

describe('output', () => {
  test('has colours on a terminal only, and never with NO_COLOR', async () => {
    town.on('listBeads', () => ({ items: [bead()], next: null }));
    const typed = ['bead', 'list'];
    expect((await gt(town.home, typed)).out).not.toContain('\u001b[');
    expect((await gt(town.home, typed, { tty: true })).out).toContain('\u001b[');
    const plain = await gt(town.home, typed, { tty: true, env: { NO_COLOR: '1' } });
    expect(plain.out).not.toContain('\u001b[');
  });

  test('fits the terminal and keeps columns in line under wide characters', async () => {
    const long = bead({ title: '直す'.repeat(40) });
    town.on('listBeads', () => ({ items: [long, bead({ id: 'web-22' })], next: null }));
    const ran = await gt(town.home, ['bead', 'list'], { tty: true, env: { NO_COLOR: '1' } });
    const [head = '', , last = ''] = ran.out.split('\n');
    expect(last.indexOf('P2')).toBe(head.indexOf('PRIO'));
  });
});

describe('completion', () => {
  test('offers commands, verbs, options and choices', () => {
    const texts = (...words: string[]): string[] =>
      completionFor(words, top, nouns).candidates.map(({ text }) => text);
    expect(texts('be')).toEqual(['bead']);
    expect(texts('bead', 're')).toEqual(['retry', 'revert', 'release']);
    expect(texts('task', 'sh')).toEqual(['show']);
    expect(texts('sling', 'web', 'a', '--pri')).toEqual(['--priority']);
    expect(texts('mr', 'decide', 'mr-1', '')).toEqual(['approve', 'reject']);
    expect(texts('nonsense', '')).toEqual([]);
  });

  test('asks the town for names, after a comma too, and does without it', async () => {
    town.on('listBeads', ({ query }) => ({
      items: [bead({ id: query['status'] === 'closed' ? 'web-2' : 'web-1' })],
      next: null,
    }));
    const patient = { sleepMsMax: 60_000 };
    const named = await gt(town.home, ['__complete', '--', 'bead', 'show', 'web'], patient);
    expect(named.out).toBe('web-1\tadd a page\nweb-2\tadd a page\n');
    const typed = ['__complete', '--', 'sling', 'web', 't', '--after', 'api-1,'];
    const comma = await gt(town.home, typed, patient);
    expect(comma.out).toContain('api-1,web-2\t');
    const silent = await gt(`${town.home}/none`, ['__complete', '--', 'bead', 'show', '']);
    expect(silent).toMatchObject({ code: 0, err: '' });
  });
});

describe('completion in the real shell', () => {
  test('zsh completes the first name of a session, when it loads the file', (context) => {
    if (spawnSync('zsh', ['--version']).status !== 0) context.skip('no zsh on this machine');
    const functions = mkdtempSync(join(tmpdir(), 'gt-zsh-'));
    writeFileSync(join(functions, '_gt'), shellScripts.zsh);
    const asked = [
      'gt() { print "show\tOne bead" }; compdef() { : }; _describe() { print -r -- $candidates }',
      'fpath=($1); autoload -Uz _gt; words=(gt bead sh); CURRENT=3; _gt; _gt',
    ];
    const ran = spawnSync('zsh', ['-f', '-c', asked.join('\n'), 'zsh', functions]);
    rmSync(functions, { recursive: true });
    expect(String(ran.stdout)).toBe('show:One bead\nshow:One bead\n');
  });
});

/** Command lines in a text: from `gt ` to where a sentence or pipe goes on. */
function wordsIn(text: string): string[][] {
  const lines = text.matchAll(/(?:^|[\s(:&|])gt ((?:"[^"]*"|'[^']*'|[^"'\n;|>&),])+)/g);
  return [...lines].map(([, rest = '']) =>
    [
      ...rest
        .trim()
        .replace(/\.$/, '')
        .matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g),
    ].map(([whole, double, single]) => double ?? single ?? whole),
  );
}

/** What the parser has against it, or null. Nothing is run. */
function parseProblem(words: readonly string[]): string | null {
  const world = {
    stdout: { isTty: false, columns: undefined, write: () => {} },
    stderr: { isTty: false, columns: undefined, write: () => {} },
  };
  const program = buildProgram(world, () => Promise.resolve());
  try {
    program.parse([...words], { from: 'user' });
    return null;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
