/**
 * The tools an agent has, by role: one table from which the schemas, the descriptions and the
 * words of the prompt about them are made, so that none of them can say something else.
 *
 * T1 A tool is named by its bare name; agents put prefixes of their own before it.
 * T2 No argument says who calls: the capability of the connection does.
 * T3 Arguments are typed values; nothing is JSON inside a string.
 */
import { z } from 'zod';

export type Role = 'polecat';

const summaryCharsMax = 4000;
const questionCharsMax = 2000;
const choicesMax = 8;

export const doneInput = z.object({
  summary: z
    .string()
    .min(1)
    .max(summaryCharsMax)
    .describe('What was changed and why, for the person who reads the merge. A few sentences.'),
});

export const askInput = z.object({
  question: z
    .string()
    .min(1)
    .max(questionCharsMax)
    .describe('One question that a person can answer without reading the code first.'),
  choices: z
    .array(z.string().min(1).max(200))
    .max(choicesMax)
    .optional()
    .describe('The answers you can go on with, if they can be listed.'),
});

export const contextInput = z.object({});

/** What `gt_context` answers. */
export interface ToolContext {
  readonly bead: string;
  readonly title: string;
  readonly branch: string;
  readonly base: string;
  readonly attempt: number;
  readonly round: number;
}

export interface Tool {
  readonly name: ToolName;
  readonly title: string;
  readonly description: string;
  readonly input: z.ZodObject;
  /** One sentence of the prompt: when to call it. */
  readonly when: string;
}

export type ToolName = 'gt_done' | 'gt_ask' | 'gt_context';

const tools: Readonly<Record<ToolName, Tool>> = {
  gt_done: {
    name: 'gt_done',
    title: 'Hand in the work',
    description:
      'Hands in the commits on the current branch. Call it once, when the task is complete and ' +
      'everything is committed. The system pushes, tests and merges; never push yourself. If it ' +
      'refuses, the answer says what to do.',
    input: doneInput,
    when: 'Call it when the task is complete and every change is committed: this ends the task.',
  },
  gt_ask: {
    name: 'gt_ask',
    title: 'Ask a person',
    description:
      'Ends this try with a question for a person; your work is saved and goes on after the ' +
      'answer. Use it only when you cannot decide by reading the repository.',
    input: askInput,
    when: 'Call it only when you cannot go on without a decision of a person: this ends the try.',
  },
  gt_context: {
    name: 'gt_context',
    title: 'What this task is',
    description: 'Returns the name of this task, its title, its branch and where that starts.',
    input: contextInput,
    when: 'Call it to see the name, branch and starting commit of your task again.',
  },
};

const byRole: Readonly<Record<Role, readonly ToolName[]>> = {
  polecat: ['gt_done', 'gt_ask', 'gt_context'],
};

export function toolsOf(role: Role): readonly Tool[] {
  return byRole[role].map((name) => tools[name]);
}

/** What the first prompt says about the tools. T1 */
export function toolPrompt(role: Role): string {
  const lines = toolsOf(role).map((tool) => `- \`${tool.name}\`: ${tool.when}`);
  return [
    'Commit your work with git. Do not push, do not switch branches, do not rewrite commits you',
    'did not make.',
    '',
    'You have these tools (your client may show them with a prefix such as `mcp__gastown__`):',
    ...lines,
    '',
    'The task is over only when `gt_done` or `gt_ask` was accepted.',
  ].join('\n');
}

/** Said once when a turn ends without either. */
export const continuePrompt =
  'The turn ended, but the task is still open. If the work is complete, commit everything and ' +
  'call `gt_done` with a summary. If it is not, go on. If you need a decision of a person, call ' +
  '`gt_ask`. Finish with one of these two.';
