/**
 * Commands about attempts: agents at work and what they said. Declarations; the work is in
 * `agent/`.
 *
 * A1 An attempt is named by its id (`web-17.2`); a bead's id stands for its latest attempt.
 */
import type { ArgumentSpec, NounSpec } from '../spec.ts';

const attempt: ArgumentSpec = {
  name: 'attempt',
  about: 'id of the attempt, or of its bead',
  completes: 'attempt',
};

export const agentCommands: NounSpec = {
  noun: 'agent',
  aliases: ['worker'],
  summary: 'Agents at work (workers) and their transcripts',
  commands: [
    {
      words: 'agent list',
      aliases: ['ls'],
      summary: 'Live attempts; ended ones with --all',
      options: [
        { flags: '--bead <id>', about: 'only of this bead', completes: 'bead' },
        { flags: '-a, --all', about: 'ended ones too' },
        { flags: '-n, --limit <number>', about: 'at most this many (default 100)' },
      ],
      examples: ['gt agent list', 'gt agent list --bead web-17 --all'],
      run: async (context, input) =>
        (await import('./agent/list.ts')).list(context, {
          bead: input.text('bead'),
          all: input.flag('all'),
          limit: input.whole('limit', 1, 100_000) ?? 100,
        }),
    },
    {
      words: 'agent show',
      summary: 'One attempt: phase, model, isolation, usage, outcome',
      args: [attempt],
      examples: ['gt agent show web-17.2', 'gt agent show web-17 --json'],
      run: async (context, input) =>
        (await import('./agent/show.ts')).show(context, { id: input.arg('attempt') }),
    },
    {
      words: 'agent stop',
      summary: 'Stop one agent and save its work; its bead is held',
      args: [attempt],
      options: [{ flags: '--reason <text>', about: 'why; kept in the journal' }],
      examples: ['gt agent stop web-17.2', 'gt agent stop web-17 --reason "too slow"'],
      run: async (context, input) =>
        (await import('./agent/stop.ts')).stop(context, {
          id: input.arg('attempt'),
          reason: input.text('reason') ?? '',
        }),
    },
    {
      words: 'agent logs',
      summary: 'What an agent said and did',
      args: [attempt],
      options: [{ flags: '-f, --follow', about: 'go on until it ends' }],
      examples: [
        'gt agent logs web-17.2',
        'gt agent logs web-17 -f',
        'gt agent logs web-17 --json',
      ],
      run: async (context, input) =>
        (await import('./agent/logs.ts')).logs(context, {
          id: input.arg('attempt'),
          follow: input.flag('follow'),
        }),
    },
  ],
};
