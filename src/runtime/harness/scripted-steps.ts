/**
 * What each step of a script does, as a real agent would do it: files, git and commands in the
 * workspace, words and usage to the client, tools over MCP. Some steps misbehave on purpose.
 *
 * D1 Every step may be run again after a kill: what is done already is no error.
 */
import { spawn } from 'node:child_process';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { countOf, fieldsOf, listOf, textOf, type Fields } from './fields.ts';
import type { McpClient } from './mcp-client.ts';
import type { Step } from './script.ts';

export interface Stage {
  readonly cwd: string;
  readonly tools: McpClient;
  /** Aborts when the client cancels the turn. */
  readonly signal: AbortSignal;
  /** A tool call's id, each its own. */
  nextCallId(): string;
  /** Sends one `session/update`. */
  update(update: Fields): Promise<void>;
  /** Raw bytes onto the protocol's stream. */
  garbage(text: string): void;
  used(usage: { inputTokens: number; outputTokens: number; usd: number | null }): Promise<void>;
}

/** `end`: the turn is over. */
export type StepEnd = 'next' | 'end';

type Act = (stage: Stage, argument: unknown) => Promise<StepEnd>;

const acts: Readonly<Record<string, Act>> = {
  say: async (stage, text) => speak(stage, 'agent_message_chunk', text),
  think: async (stage, text) => speak(stage, 'agent_thought_chunk', text),
  write: (stage, raw) => change(stage, raw, 'write', (_, input) => wordOf(input, 'text')),
  // D1: what stands at the end already is not added again.
  append: (stage, raw) =>
    change(stage, raw, 'append', (old, input) => {
      const text = wordOf(input, 'text');
      return old.endsWith(text) ? old : old + text;
    }),
  edit: (stage, raw) =>
    change(stage, raw, 'edit', (old, input) =>
      old.replace(wordOf(input, 'find'), () => wordOf(input, 'replace')),
    ),
  delete: async (stage, raw) => {
    await rm(join(stage.cwd, pathOf(raw)), { recursive: true, force: true });
    return 'next';
  },
  run: async (stage, raw) => {
    await shell(stage, textOf(raw) ?? wordOf(fieldsOf(raw), 'command'));
    return 'next';
  },
  commit: async (stage, raw) => {
    const message = textOf(raw) ?? wordOf(fieldsOf(raw), 'message');
    // D1: with nothing to commit this does nothing and succeeds.
    const quoted = `'${message.replaceAll("'", `'\\''`)}'`;
    await shell(
      stage,
      `git add -A && { git diff --cached --quiet && ! test -e .git/MERGE_HEAD ||
      git commit -q -m ${quoted}; }`,
    );
    return 'next';
  },
  merge: async (stage, raw) => {
    const input = fieldsOf(raw);
    const ref = textOf(raw) ?? wordOf(input, 'ref');
    const take = input['take'] === 'theirs' ? 'theirs' : 'ours';
    const settle = `git checkout --${take} -- . && git add -A && git commit -q --no-edit`;
    await shell(stage, `git merge -q --no-edit ${ref} || (${settle})`);
    return 'next';
  },
  wait: async (stage, raw) => {
    await abortable(stage.signal, countOf(raw) ?? countOf(fieldsOf(raw)['ms']) ?? 0);
    return 'next';
  },
  usage: async (stage, raw) => {
    const input = fieldsOf(raw);
    await stage.used({
      inputTokens: countOf(input['inputTokens']) ?? 0,
      outputTokens: countOf(input['outputTokens']) ?? 0,
      usd: countOf(input['usd']),
    });
    return 'next';
  },
  done: (stage, raw) => {
    const summary = textOf(raw) ?? wordOf(fieldsOf(raw), 'summary');
    return callTool(stage, 'gt_done', { summary });
  },
  ask: (stage, raw) => {
    const input = fieldsOf(raw);
    const question = textOf(raw) ?? wordOf(input, 'question');
    const choices = listOf(input['choices']).flatMap((choice) => textOf(choice) ?? []);
    return callTool(stage, 'gt_ask', choices.length > 0 ? { question, choices } : { question });
  },
  lie: async () => 'end',
  /** The turn is answered with an error, as when a model's provider refuses. */
  fail: async (_, raw) => {
    throw new Error(textOf(raw) ?? 'the script says so');
  },
  crash: (_, raw) => {
    const input = fieldsOf(raw);
    const signal = textOf(input['signal']);
    if (signal === null) process.exit(countOf(input['exitCode']) ?? countOf(raw) ?? 1);
    process.kill(process.pid, signal);
    return new Promise(() => undefined);
  },
  hang: async (stage, raw) => {
    if (raw === 'deaf' || fieldsOf(raw)['deaf'] === true) {
      process.on('SIGTERM', () => undefined);
      return new Promise(() => undefined);
    }
    await abortable(stage.signal, null);
    return 'next';
  },
  flood: async (stage, raw) => {
    const count = countOf(raw) ?? countOf(fieldsOf(raw)['events']) ?? 1000;
    const text = textOf(fieldsOf(raw)['text']) ?? 'words without end ';
    for (let n = 0; n < count && !stage.signal.aborted; n += 1) {
      await speak(stage, 'agent_message_chunk', text);
    }
    return 'next';
  },
  garbage: async (stage, raw) => {
    stage.garbage(textOf(raw) ?? '}{ this is no protocol\n');
    return 'next';
  },
  /** A process that leaves the tree: its own session, no parent, no pipe. */
  child: async (_, raw) => {
    const seconds = countOf(raw) ?? countOf(fieldsOf(raw)['seconds']) ?? 600;
    spawn('sleep', [String(seconds)], { detached: true, stdio: 'ignore' }).unref();
    return 'next';
  },
};

export async function act(stage: Stage, step: Step): Promise<StepEnd> {
  const does = Object.hasOwn(acts, step.verb) ? acts[step.verb] : undefined;
  if (does === undefined) {
    await speak(stage, 'agent_message_chunk', `I do not know the step "${step.verb}".`);
    return 'end';
  }
  return does(stage, step.argument);
}

async function speak(
  stage: Stage,
  sessionUpdate: 'agent_message_chunk' | 'agent_thought_chunk',
  raw: unknown,
): Promise<StepEnd> {
  const text = textOf(raw) ?? wordOf(fieldsOf(raw), 'text');
  await stage.update({ sessionUpdate, content: { type: 'text', text } });
  return 'next';
}

/** Shown as a tool call with its diff, the way agents show their edits. */
async function change(
  stage: Stage,
  raw: unknown,
  verb: 'write' | 'append' | 'edit',
  make: (old: string, input: Fields) => string,
): Promise<StepEnd> {
  const input = fieldsOf(raw);
  const path = pathOf(raw);
  const file = join(stage.cwd, path);
  const oldText = await readFile(file, 'utf8').catch(() => '');
  const newText = make(oldText, input);
  await mkdir(dirname(file), { recursive: true });
  if (verb === 'append') await appendFile(file, newText.slice(oldText.length));
  else await writeFile(file, newText);
  await stage.update({
    sessionUpdate: 'tool_call',
    toolCallId: stage.nextCallId(),
    title: `${verb} ${path}`,
    kind: 'edit',
    status: 'completed',
    content: [{ type: 'diff', path, oldText, newText }],
  });
  return 'next';
}

async function shell(stage: Stage, command: string): Promise<void> {
  const call = { toolCallId: stage.nextCallId(), title: command, kind: 'execute' };
  await stage.update({ sessionUpdate: 'tool_call', ...call, status: 'in_progress' });
  const { output, code } = await runShell(command, stage.cwd, stage.signal);
  await stage.update({
    sessionUpdate: 'tool_call_update',
    ...call,
    status: code === 0 ? 'completed' : 'failed',
    content: [{ type: 'content', content: { type: 'text', text: `${output}\n(exit ${code})` } }],
  });
}

function runShell(
  command: string,
  cwd: string,
  signal: AbortSignal,
): Promise<{ output: string; code: number | null }> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', command], { cwd, stdio: ['ignore', 'pipe', 'pipe'], signal });
    let output = '';
    const take = (piece: Buffer): void => {
      output = (output + piece.toString('utf8')).slice(-4000);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => resolve({ output: `${output}${error.message}`, code: null }));
    child.on('close', (code) => resolve({ output, code }));
  });
}

/** A refusal is said aloud and the script goes on; an acceptance ends the turn. */
async function callTool(stage: Stage, name: string, input: Fields): Promise<StepEnd> {
  const call = { toolCallId: stage.nextCallId(), title: name, kind: 'other' };
  await stage.update({ sessionUpdate: 'tool_call', ...call, status: 'in_progress' });
  const result = await stage.tools.call(name, input);
  await stage.update({
    sessionUpdate: 'tool_call_update',
    ...call,
    status: result.isError ? 'failed' : 'completed',
    content: [{ type: 'content', content: { type: 'text', text: result.text } }],
  });
  return result.isError ? 'next' : 'end';
}

/** Resolves after `ms` (null: never) or when the turn is cancelled. */
function abortable(signal: AbortSignal, ms: number | null): Promise<void> {
  const until = ms === null ? signal : AbortSignal.any([signal, AbortSignal.timeout(ms)]);
  if (until.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    until.addEventListener('abort', () => resolve(), { once: true });
  });
}

function wordOf(input: Fields, key: string): string {
  return textOf(input[key]) ?? '';
}

function pathOf(raw: unknown): string {
  return textOf(raw) ?? wordOf(fieldsOf(raw), 'path');
}
