/**
 * Commands about forges: the code hosts that rigs are on. Declarations; the work is in `forge/`.
 *
 * F1 A token is typed or piped in, a key is in a file; neither is an argument: those are seen by
 *    every process.
 */
import { usage } from '../problem.ts';
import type { Input, NounSpec, OptionSpec } from '../spec.ts';

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

const cli: OptionSpec = {
  flags: '--cli',
  about: 'as the town’s CLI token, a login of gh or glab: used before the town’s own',
};

/** Of an app instead of a token. */
const ofApp: readonly OptionSpec[] = [
  { flags: '--app-id <id>', about: 'log in as a GitHub App: its number or client id' },
  { flags: '--installation <number>', about: 'the only one that counts (default: the rig’s)' },
  { flags: '--key-file <file>', about: 'its private key, PEM; - reads it', completes: 'file' },
  { flags: '--pin', about: 'with --rig: nothing but this app is used there' },
];
const app: OptionSpec = { flags: '--app', about: 'the app instead of the token' };

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
      summary: 'Give the town a token for a forge, or an app that tokens are asked from',
      detail:
        'A token is asked for, or read from standard input; an app’s key is in a file. Both are ' +
        'kept sealed, and sent to that forge and nowhere else. What may be done is shown.',
      options: [rig, url, fromStdin, cli, ...ofApp],
      examples: [
        'gt forge login --rig web',
        'gt forge login --url https://git.example.com --token-stdin',
        'gh auth token | gt forge login --cli --token-stdin',
        'gt forge login --rig web --app-id 12345 --key-file ~/gastown.pem --pin',
      ],
      run: async (context, input) => {
        const place = placeOf(input);
        const appId = input.text('appId');
        const rest = {
          installation: input.whole('installation', 1, Number.MAX_SAFE_INTEGER),
          keyFile: input.text('keyFile'),
          pin: input.flag('pin'),
        };
        if (appId !== undefined && place.cli) {
          throw usage('an app is no CLI token', '--app-id and --cli', 'give one of them');
        }
        if (appId !== undefined) {
          return (await import('./forge/app.ts')).loginApp(context, { ...place, appId, ...rest });
        }
        if (rest.installation !== undefined || rest.keyFile !== undefined || rest.pin) {
          throw usage('that belongs to an app', '', 'name the app with --app-id');
        }
        const fromInput = input.flag('tokenStdin');
        const { login } = await import('./forge/login.ts');
        return login(context, { ...place, fromStdin: fromInput });
      },
    },
    {
      words: 'forge logout',
      summary: 'Forget a token or an app',
      options: [rig, url, app, cli],
      examples: ['gt forge logout --rig web', 'gt forge logout --url https://github.com --app'],
      run: async (context, input) =>
        (await import('./forge/login.ts')).logout(context, {
          ...placeOf(input),
          app: input.flag('app'),
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

function placeOf(input: Input) {
  const place = { rig: input.text('rig'), url: input.text('url'), cli: input.flag('cli') };
  if (!place.cli || place.rig === undefined) return place;
  throw usage('a rig has no CLI token', '--rig and --cli', 'leave out one of them');
}
