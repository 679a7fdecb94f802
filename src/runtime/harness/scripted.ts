/**
 * The built-in agent: a real ACP agent in a process of its own that follows the script in its
 * prompt (`script.ts`) instead of asking a model. Demo, tests and drills run on it.
 *
 * G1 It has no way in that other agents lack: ACP on stdio, tools over MCP with its capability.
 * G2 Without a script it makes one small change, commits it and hands it in.
 */
import { serveAcp, type AcpServer, type Answer } from './acp-server.ts';
import { countOf, fieldsOf, listOf, textOf } from './fields.ts';
import { McpClient } from './mcp-client.ts';
import { parseScript, stepsFor, type Step } from './script.ts';
import { act, type Stage } from './scripted-steps.ts';

interface Session {
  readonly id: string;
  readonly cwd: string;
  readonly tools: McpClient;
  cancel: AbortController;
  /** null until the first prompt. */
  steps: readonly Step[] | null;
  /** The next step; a later prompt goes on from here. */
  next: number;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  usd: number | null;
}

class ScriptedAgent {
  readonly #sessions = new Map<string, Session>();

  async open(params: unknown): Promise<{ sessionId: string }> {
    const request = fieldsOf(params);
    const server = fieldsOf(listOf(request['mcpServers'])[0]);
    const headers: Record<string, string> = {};
    for (const raw of listOf(server['headers'])) {
      const header = fieldsOf(raw);
      headers[textOf(header['name']) ?? ''] = textOf(header['value']) ?? '';
    }
    const tools = new McpClient(textOf(server['url']) ?? '', headers);
    await tools.connect();
    const id = `session-${this.#sessions.size + 1}`;
    this.#sessions.set(id, {
      id,
      cwd: textOf(request['cwd']) ?? '.',
      tools,
      cancel: new AbortController(),
      steps: null,
      next: 0,
      calls: 0,
      inputTokens: 0,
      outputTokens: 0,
      usd: null,
    });
    return { sessionId: id };
  }

  async cancel(params: unknown): Promise<void> {
    this.#find(params).cancel.abort();
  }

  async prompt(
    params: unknown,
    client: Pick<AcpServer, 'notify'>,
  ): Promise<Record<string, unknown>> {
    const session = this.#find(params);
    session.cancel = new AbortController();
    const before = { input: session.inputTokens, output: session.outputTokens };
    const stage = stageOf(session, client);
    session.steps ??= await firstSteps(session, promptText(params), stage);
    while (session.next < session.steps.length && !session.cancel.signal.aborted) {
      const step = session.steps[session.next];
      session.next += 1;
      if (step === undefined || (await act(stage, step)) === 'end') break;
    }
    const inputTokens = session.inputTokens - before.input;
    const outputTokens = session.outputTokens - before.output;
    return {
      stopReason: session.cancel.signal.aborted ? 'cancelled' : 'end_turn',
      usage: { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens },
    };
  }

  #find(params: unknown): Session {
    const id = textOf(fieldsOf(params)['sessionId']) ?? '';
    const session = this.#sessions.get(id);
    if (session === undefined) throw new Error(`no session ${id}`);
    return session;
  }
}

function stageOf(session: Session, client: Pick<AcpServer, 'notify'>): Stage {
  const update = (fields: Readonly<Record<string, unknown>>): Promise<void> =>
    client.notify('session/update', { sessionId: session.id, update: fields });
  return {
    cwd: session.cwd,
    tools: session.tools,
    signal: session.cancel.signal,
    nextCallId: () => {
      session.calls += 1;
      return `call-${session.calls}`;
    },
    update,
    garbage: (text) => void process.stdout.write(text),
    used: async ({ inputTokens, outputTokens, usd }) => {
      session.inputTokens += inputTokens;
      session.outputTokens += outputTokens;
      if (usd !== null) session.usd = (session.usd ?? 0) + usd;
      const cost = session.usd === null ? null : { amount: session.usd, currency: 'USD' };
      const used = session.inputTokens + session.outputTokens;
      await update({ sessionUpdate: 'usage_update', used, size: 200_000, cost });
    },
  };
}

async function firstSteps(
  session: Session,
  prompt: string,
  stage: Stage,
): Promise<readonly Step[]> {
  const parsed = parseScript(prompt);
  if (!parsed.ok) {
    await act(stage, { verb: 'say', argument: parsed.problem });
    return [];
  }
  const context = fieldsOf(JSON.parse((await session.tools.call('gt_context', {})).text));
  const { script } = parsed;
  if (script !== null) {
    return stepsFor(script, countOf(context['round']) ?? 0, countOf(context['attempt']) ?? 1);
  }
  return defaultSteps(textOf(context['bead']) ?? '', textOf(context['title']) ?? '');
}

/** G2 */
function defaultSteps(bead: string, title: string): readonly Step[] {
  return [
    { verb: 'say', argument: `I note "${title}" in NOTES.md.` },
    { verb: 'append', argument: { path: 'NOTES.md', text: `- ${title}\n` } },
    { verb: 'commit', argument: title === '' ? `Work on ${bead}` : title },
    { verb: 'done', argument: `Noted "${title}" in NOTES.md.` },
  ];
}

function promptText(params: unknown): string {
  return listOf(fieldsOf(params)['prompt'])
    .map((piece) => textOf(fieldsOf(piece)['text']) ?? '')
    .join('\n');
}

const scripted = new ScriptedAgent();
const hello = {
  protocolVersion: 1,
  agentInfo: { name: 'scripted', version: '1' },
  agentCapabilities: { mcpCapabilities: { http: true } },
};
const methods: Readonly<Record<string, Answer>> = {
  initialize: async () => hello,
  'session/new': (params) => scripted.open(params),
  'session/prompt': (params) => scripted.prompt(params, server),
  'session/cancel': (params) => scripted.cancel(params),
};
const server = serveAcp(process.stdin, process.stdout, (method) =>
  Object.hasOwn(methods, method) ? (methods[method] ?? null) : null,
);
void server.closed.then(() => process.exit(0));
