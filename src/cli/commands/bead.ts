/**
 * Commands about beads (tasks): sling one, look at it, change its course. Declarations; the work is
 * in `bead/`.
 *
 * B1 `gt sling` (`gt assign`) makes a bead; everything else names one that exists.
 */
import { dryRunOption } from '../dry-run.ts';
import type { ArgumentSpec, CommandSpec, NounSpec, OptionSpec } from '../spec.ts';

const bead: ArgumentSpec = { name: 'bead', about: 'id of the bead', completes: 'bead' };
const reason: OptionSpec = { flags: '--reason <text>', about: 'why; kept in the journal' };
const words: readonly OptionSpec[] = [
  { flags: '--body <text>', about: 'what is wanted, in full ("-": stdin)' },
  {
    flags: '--body-file <file>',
    about: 'read the body from a file ("-": stdin)',
    completes: 'file',
  },
  {
    flags: '--scope <path>',
    about: 'what it is about: docs, src/**; shown beside what it touches; repeatable',
    many: true,
  },
  { flags: '--priority <0-4>', about: '0 is the most urgent, 2 is ordinary' },
  { flags: '--agent <name>', about: "which agent does it (default: the rig's)" },
  { flags: '--model <name>', about: "which model it uses (default: the rig's)" },
];

export const sling: CommandSpec = {
  words: 'sling',
  aliases: ['assign'],
  summary: 'Make a bead (task) and let it be worked on at once',
  args: [
    { name: 'rig', about: 'name of the rig', completes: 'rig' },
    { name: 'title', about: 'what to do, in one line' },
  ],
  options: [
    ...words,
    {
      flags: '--after <bead>',
      about: 'start when these are merged; repeatable, or with commas',
      many: true,
      completes: 'bead',
    },
    {
      flags: '--issue <issue>',
      about: 'what it fixes: 12, team/docs#3 or the address of its page',
    },
    { flags: '--hold', about: 'make it, and start only at "gt bead release"' },
    { flags: '--anyway', about: 'start it, also if another bead is the same work' },
    dryRunOption,
  ],
  examples: [
    'gt sling web "add a health endpoint" --body "GET /health answers 200"',
    'gt sling web "use it in the smoke test" --after web-1 --priority 1',
    'gt sling web "answer HEAD requests too" --issue 12 --dry-run',
    'gt sling web "tidy the guides" --scope docs --scope "src/**/*.md"',
    'git log -1 | gt sling web "write the changelog" --body -',
  ],
  run: async (context, input) =>
    (await import('./bead/sling.ts')).sling(context, {
      rig: input.arg('rig'),
      title: input.arg('title'),
      body: input.text('body'),
      bodyFile: input.text('bodyFile'),
      issue: input.text('issue'),
      after: input.texts('after'),
      scope: input.all('scope'),
      priority: input.whole('priority', 0, 4),
      hold: input.flag('hold'),
      anyway: input.flag('anyway'),
      agent: input.text('agent'),
      model: input.text('model'),
      dryRun: input.flag('dryRun'),
    }),
};

const look: readonly CommandSpec[] = [
  {
    words: 'bead list',
    aliases: ['ls'],
    summary: 'Beads in order of age; closed ones with --all',
    options: [
      { flags: '--rig <name>', about: 'only of this rig', completes: 'rig' },
      { flags: '--status <status>', about: 'only in these statuses', many: true },
      { flags: '-a, --all', about: 'closed ones too' },
      { flags: '-n, --limit <number>', about: 'at most this many (default 100)' },
    ],
    examples: [
      'gt bead list',
      'gt bead list --rig web --status failed',
      'gt task list --all --json',
    ],
    run: async (context, input) =>
      (await import('./bead/list.ts')).list(context, {
        rig: input.text('rig'),
        statuses: input.texts('status'),
        all: input.flag('all'),
        limit: input.whole('limit', 1, 100_000) ?? 100,
      }),
  },
  {
    words: 'bead show',
    summary: 'One bead: status, attempts, gates, what it waits for',
    args: [bead],
    examples: ['gt bead show web-17', 'gt bead show web-17 --json'],
    run: async (context, input) =>
      (await import('./bead/show.ts')).show(context, { bead: input.arg('bead') }),
  },
  {
    words: 'bead diff',
    summary: 'The change of a bead, as submitted or as saved so far',
    args: [bead],
    examples: [
      'gt bead diff web-17',
      'gt bead diff web-17 | git apply --check',
      'gt bead diff web-17 --json',
    ],
    run: async (context, input) =>
      (await import('./bead/diff.ts')).diff(context, { bead: input.arg('bead') }),
  },
  {
    words: 'bead checkout',
    summary: 'The branch of a bead in a new directory, to look at and run',
    args: [
      bead,
      {
        name: 'directory',
        about: 'where; must not exist yet (default: named for the bead)',
        optional: true,
        completes: 'file',
      },
    ],
    options: [dryRunOption],
    examples: [
      'gt bead checkout web-17',
      'gt bead checkout web-17 /tmp/look',
      'gt bead checkout web-17 --dry-run',
    ],
    run: async (context, input) =>
      (await import('./bead/checkout.ts')).checkout(context, {
        bead: input.arg('bead'),
        directory: input.optionalArg('directory'),
        dryRun: input.flag('dryRun'),
      }),
  },
];

const change: readonly CommandSpec[] = [
  {
    words: 'bead edit',
    summary: 'Change title, body, scope, priority, agent or model of a bead that is not closed',
    args: [bead],
    options: [{ flags: '--title <text>', about: 'the new title' }, ...words],
    examples: [
      'gt bead edit web-17 --priority 0',
      'gt bead edit web-17 --body-file task.md',
      'gt bead edit web-17 --scope ""',
    ],
    run: async (context, input) =>
      (await import('./bead/edit.ts')).edit(context, {
        bead: input.arg('bead'),
        title: input.text('title'),
        body: input.text('body'),
        bodyFile: input.text('bodyFile'),
        scope: input.all('scope'),
        priority: input.whole('priority', 0, 4),
        agent: input.text('agent'),
        model: input.text('model'),
      }),
  },
  {
    words: 'bead depend',
    summary: 'Say which beads must be merged before this one starts',
    args: [bead],
    options: [
      { flags: '--on <bead>', about: 'also wait for these', many: true, completes: 'bead' },
      {
        flags: '--not-on <bead>',
        about: 'no longer wait for these',
        many: true,
        completes: 'bead',
      },
    ],
    examples: ['gt bead depend web-17 --on web-3,web-4', 'gt bead depend web-17 --not-on web-3'],
    run: async (context, input) =>
      (await import('./bead/act.ts')).depend(context, {
        bead: input.arg('bead'),
        add: input.texts('on'),
        remove: input.texts('notOn'),
      }),
  },
  {
    words: 'bead stop',
    summary: 'Stop its agent, save its work, and hold it',
    args: [bead],
    options: [reason],
    examples: ['gt bead stop web-17', 'gt bead stop web-17 --reason "wrong direction"'],
    run: async (context, input) =>
      (await import('./bead/act.ts')).stop(context, {
        bead: input.arg('bead'),
        reason: input.text('reason') ?? '',
      }),
  },
  {
    words: 'bead close',
    summary: 'Close it without a merge; work so far is kept',
    args: [bead],
    options: [
      { flags: '--as <resolution>', about: 'default: dropped', choices: ['dropped', 'no-change'] },
      reason,
      dryRunOption,
    ],
    examples: ['gt bead close web-17 --dry-run', 'gt bead close web-17 --as no-change'],
    run: async (context, input) =>
      (await import('./bead/act.ts')).close(context, {
        bead: input.arg('bead'),
        resolution: input.text('as') === 'no-change' ? 'no_change' : 'dropped',
        reason: input.text('reason') ?? '',
        dryRun: input.flag('dryRun'),
      }),
  },
  {
    words: 'bead retry',
    summary: 'Try again now, with fresh counters, on the same branch',
    args: [bead],
    options: [{ flags: '--note <text>', about: 'what the next attempt is told' }, dryRunOption],
    examples: [
      'gt bead retry web-17 --dry-run',
      'gt bead retry web-17 --note "keep the old flag working"',
    ],
    run: async (context, input) =>
      (await import('./bead/act.ts')).retry(context, {
        bead: input.arg('bead'),
        note: input.text('note') ?? null,
        dryRun: input.flag('dryRun'),
      }),
  },
  {
    words: 'bead revert',
    summary: 'A new bead that takes the merged change of this one back',
    args: [bead],
    options: [dryRunOption],
    examples: ['gt bead revert web-17', 'gt bead revert web-17 --dry-run'],
    run: async (context, input) =>
      (await import('./bead/act.ts')).revert(context, {
        bead: input.arg('bead'),
        dryRun: input.flag('dryRun'),
      }),
  },
  {
    words: 'bead hold',
    summary: 'Start nothing on it until "gt bead release"',
    args: [bead],
    examples: ['gt bead hold web-17', 'gt bead hold web-17 --json'],
    run: async (context, input) =>
      (await import('./bead/act.ts')).hold(context, { bead: input.arg('bead') }),
  },
  {
    words: 'bead release',
    summary: 'Let a held bead be worked on',
    args: [bead],
    options: [dryRunOption],
    examples: ['gt bead release web-17', 'gt bead release web-17 --dry-run'],
    run: async (context, input) =>
      (await import('./bead/act.ts')).release(context, {
        bead: input.arg('bead'),
        dryRun: input.flag('dryRun'),
      }),
  },
];

export const beadCommands: NounSpec = {
  noun: 'bead',
  aliases: ['task'],
  summary: 'Work items (tasks)',
  commands: [...look, ...change],
};
