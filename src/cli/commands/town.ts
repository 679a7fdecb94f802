/**
 * Commands about the whole town: start and stop it, look at it, move it. Declarations; the work is
 * in `town/`.
 *
 * T1 `gt up` and `gt run` are the only ones that start a process that stays.
 */
import { dryRunOption } from '../dry-run.ts';
import type { CommandSpec } from '../spec.ts';

export const townCommands: readonly CommandSpec[] = [
  {
    words: 'up',
    summary: 'Start the town: API, database and runner in one process',
    detail: 'Stays in the foreground and shows what happens; Ctrl-C stops it. Nothing is lost.',
    options: [
      { flags: '-d, --detach', about: 'leave it running in the background' },
      {
        flags: '-p, --port <number>',
        about: 'listen on this port (default: 7717 if free, else any)',
      },
    ],
    examples: ['gt up', 'gt up --detach', 'GASTOWN_HOME=/srv/town gt up --port 4100'],
    run: async (context, input) =>
      (await import('./town/up.ts')).up(context, {
        detach: input.flag('detach'),
        port: input.whole('port', 0, 65_535),
      }),
  },
  {
    words: 'down',
    summary: 'Stop the town; agents are asked to stop and their work is saved',
    options: [{ flags: '--now', about: 'kill it without waiting (it recovers at the next start)' }],
    examples: ['gt down', 'gt down --now'],
    run: async (context, input) =>
      (await import('./town/down.ts')).down(context, { now: input.flag('now') }),
  },
  {
    words: 'status',
    summary: 'What the town is doing, and what it waits for',
    examples: ['gt status', 'gt status --json'],
    run: async (context) => (await import('./town/status.ts')).status(context),
  },
  {
    words: 'why',
    summary: 'Why something does not move: cause, evidence, next step',
    args: [
      {
        name: 'thing',
        about: 'a bead, rig, merge request, attempt, escalation, or "town"',
        optional: true,
        completes: 'anything',
      },
    ],
    examples: ['gt why web-17', 'gt why mr-4', 'gt why web'],
    run: async (context, input) =>
      (await import('./town/why.ts')).why(context, { thing: input.optionalArg('thing') ?? 'town' }),
  },
  {
    words: 'feed',
    summary: 'What happens in the town, live',
    detail: 'Ends at Ctrl-C. With --json one event per line; go on later with --after <seq>.',
    options: [
      { flags: '--after <seq>', about: 'start after this event (0: from the beginning)' },
      { flags: '--once', about: 'print what there is and end' },
      { flags: '--bead <id>', about: 'only what concerns this bead', completes: 'bead' },
    ],
    examples: ['gt feed', 'gt feed --after 0 --once', 'gt feed --json | jq .kind'],
    run: async (context, input) =>
      (await import('./town/feed.ts')).feed(context, {
        after: input.whole('after', 0, Number.MAX_SAFE_INTEGER),
        once: input.flag('once'),
        bead: input.text('bead'),
      }),
  },
  {
    words: 'doctor',
    summary: 'Check this machine, the server, and every rig',
    examples: ['gt doctor', 'gt doctor --json'],
    run: async (context) => (await import('./town/doctor.ts')).doctor(context),
  },
  {
    words: 'pause',
    summary: 'Start and land nothing until "gt resume"',
    options: [{ flags: '--now', about: 'also stop the agents that work; their work is saved' }],
    examples: ['gt pause', 'gt pause --now'],
    run: async (context, input) =>
      (await import('./town/pause.ts')).pause(context, { halt: input.flag('now') }),
  },
  {
    words: 'resume',
    summary: 'Go on after "gt pause"; also closes an open breaker',
    examples: ['gt resume', 'gt resume --json'],
    run: async (context) => (await import('./town/pause.ts')).resume(context),
  },
];

export const workCommands: readonly CommandSpec[] = [
  {
    words: 'run',
    summary: 'One task from start to merge: starts the town, adds the rig, follows',
    detail:
      'Ends with 0 when the change is merged, 4 when a person is needed, 1 when it failed. ' +
      'A repository without a remote is itself the remote: the change lands on the branch ' +
      '"gastown", or in your clean checkout with --update-checkout.',
    args: [
      { name: 'repo', about: 'a path, a URL, or the name of a rig', completes: 'rig' },
      { name: 'task', about: 'what to do, in one line' },
    ],
    options: [
      { flags: '-y, --yes', about: 'agree that the town writes to the remote of this repository' },
      { flags: '--agent <name>', about: 'which agent does it' },
      { flags: '--model <name>', about: 'which model it uses' },
      { flags: '--body <text>', about: 'more about the task' },
      { flags: '--body-file <file>', about: 'read it from a file ("-": stdin)', completes: 'file' },
      { flags: '--gate <command>', about: 'must pass before landing; repeatable', many: true },
      { flags: '--target <branch>', about: 'the branch changes land on' },
      { flags: '--update-checkout', about: 'land in your own checkout by fast-forward' },
      dryRunOption,
    ],
    examples: [
      'gt run . "fix the flaky login test" --yes',
      'gt run ~/code/web "add a health endpoint" --agent codex --gate "npm test"',
      'gt run web "update the readme" --json',
      'gt run . "fix the flaky login test" --yes --dry-run',
    ],
    run: async (context, input) =>
      (await import('./town/run.ts')).run(context, {
        repo: input.arg('repo'),
        task: input.arg('task'),
        yes: input.flag('yes'),
        agent: input.text('agent'),
        model: input.text('model'),
        body: input.text('body'),
        bodyFile: input.text('bodyFile'),
        gates: input.all('gate'),
        target: input.text('target'),
        updateCheckout: input.flag('updateCheckout'),
        dryRun: input.flag('dryRun'),
      }),
  },
  {
    words: 'demo',
    summary: 'Three beads landing in a repository made for it; no key, no network',
    options: [
      { flags: '--keep', about: 'leave the town and the repositories to look at' },
      { flags: '--forge', about: 'on a code host made for it, through pull requests' },
    ],
    examples: ['gt demo', 'gt demo --forge', 'gt demo --keep --json'],
    run: async (context, input) =>
      (await import('./town/demo.ts')).demo(context, {
        keep: input.flag('keep'),
        forge: input.flag('forge'),
      }),
  },
];

export const dataCommands: readonly CommandSpec[] = [
  {
    words: 'export',
    summary: 'Everything the town knows, as one file; secrets are left out',
    args: [
      { name: 'file', about: 'where to write ("-": stdout)', optional: true, completes: 'file' },
    ],
    options: [{ flags: '--force', about: 'replace the file if it exists' }, dryRunOption],
    examples: [
      'gt export town.json',
      'gt export town.json --dry-run',
      'gt export - | gzip > town.json.gz',
    ],
    run: async (context, input) =>
      (await import('./town/export.ts')).exportTown(context, {
        file: input.optionalArg('file'),
        force: input.flag('force'),
        dryRun: input.flag('dryRun'),
      }),
  },
  {
    words: 'import',
    summary: 'Take an export over into this town, which must be empty',
    args: [{ name: 'file', about: 'an export ("-": stdin)', completes: 'file' }],
    examples: ['gt import town.json', 'zcat town.json.gz | gt import -'],
    run: async (context, input) =>
      (await import('./town/import.ts')).importTown(context, { file: input.arg('file') }),
  },
  {
    words: 'completion',
    summary: 'Completion for your shell',
    args: [{ name: 'shell', about: 'which shell', choices: ['bash', 'zsh', 'fish'] }],
    examples: [
      'gt completion bash > ~/.local/share/bash-completion/completions/gt',
      'gt completion zsh > "${fpath[1]}/_gt"',
      'gt completion fish > ~/.config/fish/completions/gt.fish',
    ],
    run: async (context, input) =>
      (await import('./town/completion.ts')).completion(context, { shell: input.arg('shell') }),
  },
  {
    words: '__complete',
    hidden: true,
    summary: 'Answers the shell: what may stand at the end of these words',
    args: [{ name: 'words', about: 'the words typed so far', optional: true, many: true }],
    examples: ['gt __complete -- bead sh', 'gt __complete -- rig show ""'],
    run: async (context, input) =>
      (await import('./town/completion.ts')).complete(context, { words: input.args('words') }),
  },
];
