/**
 * Every command of `gt`, in the order help shows them. Declarations only: the work is in the folder
 * of each noun and is loaded when its command is chosen.
 *
 * I1 A command that is not listed here does not exist: parser, help and completion read this list.
 */
import type { CommandSpec, NounSpec } from '../spec.ts';
import { agentCommands } from './agent.ts';
import { beadCommands, sling } from './bead.ts';
import { configCommands } from './config.ts';
import { escalationCommands } from './escalation.ts';
import { forgeCommands } from './forge.ts';
import { mergeRequestCommands } from './mr.ts';
import { rigCommands } from './rig.ts';
import { dataCommands, townCommands, workCommands } from './town.ts';

/** Under their headings. */
export const topCommands: readonly {
  readonly title: string;
  readonly commands: readonly CommandSpec[];
}[] = [
  { title: 'The town:', commands: townCommands },
  { title: 'Work:', commands: [sling, ...workCommands] },
  { title: 'Yours to take along:', commands: dataCommands },
];

export const nouns: readonly NounSpec[] = [
  rigCommands,
  beadCommands,
  mergeRequestCommands,
  forgeCommands,
  agentCommands,
  escalationCommands,
  configCommands,
];
