/**
 * Commands about merge requests (changes): what is on its way into a target. Declarations; the work
 * is in `mr/`.
 *
 * M1 A decision counts for the head it was made on; a new head asks again.
 */
import { dryRunOption } from '../dry-run.ts';
import type { ArgumentSpec, NounSpec } from '../spec.ts';

const mergeRequest: ArgumentSpec = {
  name: 'change',
  about: 'id of the merge request, or of its bead',
  completes: 'merge request',
};

export const mergeRequestCommands: NounSpec = {
  noun: 'mr',
  aliases: ['change'],
  summary: 'Merge requests (changes) on their way into a branch',
  commands: [
    {
      words: 'mr list',
      aliases: ['ls'],
      summary: 'Merge requests; merged and abandoned ones with --all',
      options: [
        { flags: '--rig <name>', about: 'only of this rig', completes: 'rig' },
        { flags: '-a, --all', about: 'merged and abandoned ones too' },
        { flags: '--failure-kind <kind>', about: 'only those that cannot be read for this reason' },
        { flags: '-n, --limit <number>', about: 'at most this many (default 100)' },
      ],
      examples: ['gt mr list', 'gt mr list --failure-kind no_token --json'],
      run: async (context, input) =>
        (await import('./mr/list.ts')).list(context, {
          rig: input.text('rig'),
          all: input.flag('all'),
          failureKind: input.text('failureKind'),
          limit: input.whole('limit', 1, 100_000) ?? 100,
        }),
    },
    {
      words: 'mr show',
      summary: 'One merge request: stage, candidate, gates with their output',
      args: [mergeRequest],
      examples: ['gt mr show mr-4', 'gt mr show mr-4 --json'],
      run: async (context, input) =>
        (await import('./mr/show.ts')).show(context, { id: input.arg('change') }),
    },
    {
      words: 'mr adopt',
      summary: 'Watch, repair if agreed, and merge a pull request somebody else opened',
      detail:
        'It gets a bead and goes through the same gates as the town’s own, which run ' +
        'its code on this machine. Without --repair nothing is pushed to its branch: ' +
        'its author goes on, and what they push is judged. To a fork nothing is ever ' +
        'pushed.',
      args: [{ name: 'url', about: 'address of the pull request', completes: 'anything' }],
      options: [
        { flags: '--repair', about: 'agents may push repairs to its branch' },
        { flags: '--no-repair', about: 'only watch it (default)' },
        {
          flags: '--rig <name>',
          about: 'where several rigs are on its repository',
          completes: 'rig',
        },
        dryRunOption,
      ],
      examples: [
        'gt mr adopt https://github.com/team/web/pull/12',
        'gt mr adopt https://github.com/team/web/pull/12 --dry-run',
        'gt mr adopt https://gitlab.com/team/web/-/merge_requests/7 --repair --rig web',
      ],
      run: async (context, input) =>
        (await import('./mr/adopt.ts')).adopt(context, {
          url: input.arg('url'),
          rig: input.text('rig') ?? null,
          repairs: input.flag('repair'),
          dryRun: input.flag('dryRun'),
        }),
    },
    {
      words: 'mr retry',
      summary: 'Read its pull request again now, and try again what was refused',
      args: [mergeRequest],
      options: [dryRunOption],
      examples: ['gt mr retry mr-4', 'gt mr retry web-17 --dry-run'],
      run: async (context, input) =>
        (await import('./mr/retry.ts')).retry(context, {
          id: input.arg('change'),
          dryRun: input.flag('dryRun'),
        }),
    },
    {
      words: 'mr decide',
      summary: 'Say yes or no to a landing that waits for a person',
      args: [mergeRequest, { name: 'verdict', about: 'your word', choices: ['approve', 'reject'] }],
      options: [
        { flags: '--reason <text>', about: 'why; a rejection tells it to the next round' },
        dryRunOption,
      ],
      examples: [
        'gt mr decide mr-4 approve',
        'gt mr decide mr-4 approve --dry-run',
        'gt mr decide mr-4 reject --reason "no tests"',
      ],
      run: async (context, input) =>
        (await import('./mr/decide.ts')).decide(context, {
          id: input.arg('change'),
          verdict: input.arg('verdict') === 'approve' ? 'approve' : 'reject',
          reason: input.text('reason') ?? '',
          dryRun: input.flag('dryRun'),
        }),
    },
  ],
};
