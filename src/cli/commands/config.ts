/**
 * Commands about settings, of the town or of one rig. Declarations; the work is in `config/`.
 *
 * C1 A value is JSON where it parses as JSON, else text; the town checks type and combination.
 */
import type { ArgumentSpec, NounSpec, OptionSpec } from '../spec.ts';

const key: ArgumentSpec = { name: 'key', about: 'name of the setting', completes: 'setting' };
const rig: OptionSpec = { flags: '--rig <name>', about: 'of this rig', completes: 'rig' };

export const configCommands: NounSpec = {
  noun: 'config',
  summary: 'Settings of the town and of its rigs',
  commands: [
    {
      words: 'config get',
      summary: 'One setting: its value and where it comes from',
      args: [key],
      options: [rig],
      examples: ['gt config get approval', 'gt config get gates --rig web --json'],
      run: async (context, input) =>
        (await import('./config/get.ts')).get(context, {
          key: input.arg('key'),
          rig: input.text('rig'),
        }),
    },
    {
      words: 'config set',
      summary: 'Change one setting; without a value: back to the default',
      args: [key, { name: 'value', about: 'the new value', optional: true }],
      options: [rig],
      examples: [
        'gt config set approval person',
        'gt config set maxPolecatsPerRig 4 --rig web',
        'gt config set defaultModel',
      ],
      run: async (context, input) =>
        (await import('./config/set.ts')).set(context, {
          rig: input.text('rig'),
          pairs: [pairOf(input.arg('key'), input.optionalArg('value'))],
        }),
    },
    {
      words: 'config list',
      aliases: ['ls'],
      summary: 'Every setting with its value, where it comes from, and what it does',
      options: [rig],
      examples: ['gt config list', 'gt config list --rig web --json'],
      run: async (context, input) =>
        (await import('./config/list.ts')).list(context, { rig: input.text('rig') }),
    },
  ],
};

/** `approval person`, or as for a rig `approval=person`. */
function pairOf(key: string, value: string | undefined): string {
  return value === undefined && key.includes('=') ? key : `${key}=${value ?? ''}`;
}
