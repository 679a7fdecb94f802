/**
 * Commands about rigs (projects): attach a repository, look at it, set it, let it go. Declarations;
 * the work is in `rig/`.
 *
 * R1 The first write to a remote needs a yes for that rig: `--yes`, or an answer at the prompt.
 */
import { dryRunOption } from '../dry-run.ts';
import type { ArgumentSpec, NounSpec } from '../spec.ts';

const rig: ArgumentSpec = { name: 'rig', about: 'name of the rig', completes: 'rig' };

export const rigCommands: NounSpec = {
  noun: 'rig',
  aliases: ['project'],
  summary: 'Repositories of the town (projects)',
  commands: [
    {
      words: 'rig add',
      summary: 'Attach a repository and examine it',
      detail:
        'A URL; or a path: a repository with a remote is attached by that remote and only lends ' +
        'objects, one without is itself the remote. What setup and gates were found is printed.',
      args: [
        { name: 'rig', about: 'a short name: letters, digits, dashes' },
        { name: 'repository', about: 'a path or URL', completes: 'file' },
      ],
      options: [
        { flags: '--target <branch>', about: 'the branch changes land on (default: its own)' },
        { flags: '--prefix <text>', about: 'starts the ids of its beads (default: the name)' },
        { flags: '--update-checkout', about: 'land in that checkout by fast-forward' },
        { flags: '-y, --yes', about: 'agree that the town writes to its remote' },
        dryRunOption,
      ],
      examples: [
        'gt rig add web ~/code/web --yes',
        'gt rig add web ~/code/web --dry-run',
        'gt rig add api git@git.example.com:team/api.git --target develop',
      ],
      run: async (context, input) =>
        (await import('./rig/add.ts')).add(context, {
          name: input.arg('rig'),
          repository: input.arg('repository'),
          target: input.text('target'),
          prefix: input.text('prefix'),
          updateCheckout: input.flag('updateCheckout'),
          yes: input.flag('yes'),
          dryRun: input.flag('dryRun'),
        }),
    },
    {
      words: 'rig list',
      aliases: ['ls'],
      summary: 'All rigs',
      examples: ['gt rig list', 'gt rig list --json'],
      run: async (context) => (await import('./rig/list.ts')).list(context),
    },
    {
      words: 'rig show',
      summary: 'One rig: remote, target, setup, gates, checks',
      args: [rig],
      examples: ['gt rig show web', 'gt project show web --json'],
      run: async (context, input) =>
        (await import('./rig/show.ts')).show(context, { name: input.arg('rig') }),
    },
    {
      words: 'rig set',
      summary: 'Settings of one rig; without values: show them',
      args: [
        rig,
        { name: 'settings', about: 'key=value; "key=" unsets', optional: true, many: true },
      ],
      examples: [
        'gt rig set web approval=person',
        'gt rig set web gates=\'[{"name":"test","command":"npm test"}]\'',
        'gt rig set web defaultModel=',
      ],
      run: async (context, input) =>
        (await import('./config/set.ts')).set(context, {
          rig: input.arg('rig'),
          pairs: input.args('settings'),
        }),
    },
    {
      words: 'rig move',
      summary: 'Its repository is somewhere else: renamed, transferred, on another forge',
      detail:
        'Pull requests follow a repository that only has another name. Where others are open at ' +
        'the old place it is refused, unless their beads may begin anew at the new one.',
      args: [rig, { name: 'repository', about: 'a path or URL', completes: 'file' }],
      options: [
        { flags: '--target <branch>', about: 'the branch changes land on (default: as it was)' },
        { flags: '--leave-pulls', about: 'open pull requests stay behind, their beads begin anew' },
        { flags: '-y, --yes', about: 'agree that the town writes to its remote' },
        dryRunOption,
      ],
      examples: [
        'gt rig move web https://github.com/team/website.git --dry-run',
        'gt rig move web https://github.com/team/website.git',
        'gt rig move web git@git.example.com:team/web.git --leave-pulls --yes',
      ],
      run: async (context, input) =>
        (await import('./rig/move.ts')).move(context, {
          name: input.arg('rig'),
          repository: input.arg('repository'),
          target: input.text('target'),
          leavePulls: input.flag('leavePulls'),
          yes: input.flag('yes'),
          dryRun: input.flag('dryRun'),
        }),
    },
    {
      words: 'rig doctor',
      summary: 'Examine the repository again: reachable, target, push right, gates',
      args: [rig],
      examples: ['gt rig doctor web', 'gt rig doctor web --json'],
      run: async (context, input) =>
        (await import('./rig/doctor.ts')).doctor(context, { name: input.arg('rig') }),
    },
    {
      words: 'rig consent',
      summary: 'Agree that the town writes to the remote of this rig',
      args: [rig],
      options: [dryRunOption],
      examples: ['gt rig consent web', 'gt rig consent web --dry-run'],
      run: async (context, input) =>
        (await import('./rig/park.ts')).consent(context, {
          name: input.arg('rig'),
          dryRun: input.flag('dryRun'),
        }),
    },
    {
      words: 'rig park',
      summary: 'Start no work on it until "gt rig unpark"',
      args: [rig],
      examples: ['gt rig park web', 'gt rig park web --json'],
      run: async (context, input) =>
        (await import('./rig/park.ts')).park(context, { name: input.arg('rig'), park: true }),
    },
    {
      words: 'rig unpark',
      summary: 'Work on it again',
      args: [rig],
      examples: ['gt rig unpark web', 'gt rig unpark web --json'],
      run: async (context, input) =>
        (await import('./rig/park.ts')).park(context, { name: input.arg('rig'), park: false }),
    },
    {
      words: 'rig remove',
      aliases: ['rm'],
      summary: 'Detach a rig that has no live beads; the repository is not touched',
      args: [rig],
      examples: ['gt rig remove web', 'gt rig remove web --json'],
      run: async (context, input) =>
        (await import('./rig/park.ts')).remove(context, { name: input.arg('rig') }),
    },
  ],
};
