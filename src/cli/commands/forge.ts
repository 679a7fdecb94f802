/**
 * Commands about forges: the code hosts that rigs are on. Declarations; the work is in `forge/`.
 *
 * F1 A token is typed or piped in, never an argument: arguments are seen by every process.
 */
import type { NounSpec, OptionSpec } from '../spec.ts';

const rig: OptionSpec = {
  flags: '--rig <name>',
  about: 'for this rig alone (default: every rig on the forge)',
  completes: 'rig',
};
const fromStdin: OptionSpec = {
  flags: '--token-stdin',
  about: 'read it from standard input',
};
const url: OptionSpec = { flags: '--url <address>', about: 'of the forge: https://github.com' };

export const forgeCommands: NounSpec = {
  noun: 'forge',
  summary: 'Code hosts that pull requests live on: logins, what is read, webhooks',
  commands: [
    {
      words: 'forge status',
      summary: 'Accounts, budgets, what is read when, and what cannot be read and why',
      examples: ['gt forge status', 'gt forge status --json'],
      run: async (context) => (await import('./forge/status.ts')).status(context),
    },
    {
      words: 'forge login',
      summary: 'Give the town a token for a forge',
      detail:
        'It is asked for, or read from standard input; it is kept sealed, and sent to that\n' +
        'forge and nowhere else. What it may do is shown.',
      options: [rig, url, fromStdin],
      examples: [
        'gt forge login --rig web',
        'gt forge login --url https://git.example.com --token-stdin',
      ],
      run: async (context, input) =>
        (await import('./forge/login.ts')).login(context, {
          rig: input.text('rig'),
          url: input.text('url'),
          fromStdin: input.flag('tokenStdin'),
        }),
    },
    {
      words: 'forge logout',
      summary: 'Forget a token',
      options: [rig, url],
      examples: ['gt forge logout --rig web', 'gt forge logout --url https://github.com'],
      run: async (context, input) =>
        (await import('./forge/login.ts')).logout(context, {
          rig: input.text('rig'),
          url: input.text('url'),
        }),
    },
    {
      words: 'forge webhook',
      summary: 'Make the secret of a webhook, so that the forge tells of changes at once',
      detail: 'Without one everything works, a little later: what is true is read by asking.',
      args: [{ name: 'rig', about: 'name of the rig', completes: 'rig' }],
      examples: ['gt forge webhook web', 'gt forge webhook web --json'],
      run: async (context, input) =>
        (await import('./forge/webhook.ts')).webhook(context, { rig: input.arg('rig') }),
    },
  ],
};
