/**
 * Commands about escalations: what needs a person. Declarations; the work is in `escalation/`.
 *
 * E1 Acknowledged means quiet; resolved means answered, and the town goes on from the answer.
 */
import { dryRunOption } from '../dry-run.ts';
import type { ArgumentSpec, NounSpec } from '../spec.ts';

const escalation: ArgumentSpec = {
  name: 'escalation',
  about: 'id of the escalation',
  completes: 'escalation',
};

export const escalationCommands: NounSpec = {
  noun: 'escalation',
  aliases: ['esc'],
  summary: 'Questions and failures that need a person',
  commands: [
    {
      words: 'escalation list',
      aliases: ['ls'],
      summary: 'Open escalations; resolved ones with --all',
      options: [
        { flags: '-a, --all', about: 'resolved ones too' },
        { flags: '-n, --limit <number>', about: 'at most this many (default 100)' },
      ],
      examples: ['gt escalation list', 'gt esc ls --json'],
      run: async (context, input) =>
        (await import('./escalation/list.ts')).list(context, {
          all: input.flag('all'),
          limit: input.whole('limit', 1, 100_000) ?? 100,
        }),
    },
    {
      words: 'escalation show',
      summary: 'One escalation: what happened, the evidence, the choices',
      args: [escalation],
      examples: ['gt escalation show esc-2', 'gt escalation show esc-2 --json'],
      run: async (context, input) =>
        (await import('./escalation/show.ts')).show(context, { id: input.arg('escalation') }),
    },
    {
      words: 'escalation ack',
      summary: 'I have seen it: no more reminders',
      args: [escalation],
      examples: ['gt escalation ack esc-2', 'gt escalation ack esc-2 --json'],
      run: async (context, input) =>
        (await import('./escalation/resolve.ts')).ack(context, { id: input.arg('escalation') }),
    },
    {
      words: 'escalation resolve',
      summary: 'Answer it; the work that waits for it goes on',
      args: [
        escalation,
        { name: 'words', about: 'the answer, or one of its choices', optional: true },
      ],
      options: [{ flags: '--answer <text>', about: 'the same, as an option' }, dryRunOption],
      examples: [
        'gt escalation resolve esc-2 "use 3"',
        'gt escalation resolve esc-2 --answer redo --dry-run',
      ],
      run: async (context, input) =>
        (await import('./escalation/resolve.ts')).resolve(context, {
          id: input.arg('escalation'),
          answer: input.text('answer') ?? input.optionalArg('words') ?? null,
          dryRun: input.flag('dryRun'),
        }),
    },
  ],
};
