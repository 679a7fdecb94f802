/**
 * A scripted model behind the OpenAI responses dialect on loopback: what it answers follows from
 * how many tool results the request already holds, so it keeps no state and any number of agents
 * may ask it. What it was asked is the evidence of what an agent really sent.
 */
import { createServer, type ServerResponse } from 'node:http';

export type ModelStep =
  | { readonly text: string }
  | { readonly shell: string }
  | { readonly tool: string; readonly input: object };

export interface ModelServer {
  readonly url: string;
  readonly requests: ModelRequest[];
  close(): Promise<void>;
}

export interface ModelRequest {
  readonly model: string;
  readonly tools: readonly string[];
  /** The results of the tools called so far, as the agent passed them on. */
  readonly results: readonly string[];
}

interface Offer {
  readonly type?: string;
  readonly name?: string;
  readonly tools?: readonly Offer[];
  readonly parameters?: { readonly properties?: Readonly<Record<string, unknown>> };
}

interface Body {
  readonly model: string;
  readonly tools?: readonly Offer[];
  readonly input?: readonly { readonly type?: string; readonly output?: unknown }[];
}

export async function startModelServer(steps: readonly ModelStep[]): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => {
      text += piece.toString('utf8');
    });
    request.on('end', () => {
      if (request.method !== 'POST' || request.url?.endsWith('/responses') !== true) {
        response.writeHead(404).end();
        return;
      }
      const body: Body = JSON.parse(text);
      const results = (body.input ?? [])
        .filter((item) => item.type === 'function_call_output')
        .map((item) =>
          typeof item.output === 'string' ? item.output : JSON.stringify(item.output),
        );
      const tools = body.tools ?? [];
      requests.push({ model: body.model, tools: tools.map((tool) => tool.name ?? ''), results });
      // A request without tools asks for a title or the like and is no step.
      const step = tools.length === 0 ? undefined : steps[results.length];
      answer(response, itemOf(step ?? { text: 'Finished.' }, tools, results.length));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Item = Readonly<Record<string, unknown>>;

function itemOf(step: ModelStep, tools: readonly Offer[], index: number): Item {
  if ('text' in step) {
    const content = [{ type: 'output_text', text: step.text, annotations: [] }];
    return { type: 'message', id: `msg_${index}`, role: 'assistant', status: 'completed', content };
  }
  const call = 'shell' in step ? shellCall(step.shell, tools) : toolCall(step, tools);
  return { type: 'function_call', id: `fc_${index}`, call_id: `call_${index}`, ...call };
}

function shellCall(command: string, tools: readonly Offer[]): Item {
  const shell = tools.find((tool) =>
    /^(?:exec_command|shell|shell_command)$/.test(tool.name ?? ''),
  );
  const properties = shell?.parameters?.properties ?? {};
  const input =
    'cmd' in properties
      ? { cmd: command }
      : { command: shell?.name === 'shell' ? ['sh', '-c', command] : command };
  return { name: shell?.name ?? 'shell', arguments: JSON.stringify(input) };
}

/** A tool of a server stands in a namespace, or bears its server's prefix. */
function toolCall(step: { tool: string; input: object }, tools: readonly Offer[]): Item {
  const args = { arguments: JSON.stringify(step.input) };
  for (const offer of tools) {
    const inner = offer.tools?.find((tool) => tool.name?.endsWith(step.tool) === true);
    if (inner?.name !== undefined) return { name: inner.name, namespace: offer.name, ...args };
    if (offer.name?.endsWith(step.tool) === true) return { name: offer.name, ...args };
  }
  return { name: step.tool, ...args };
}

function answer(response: ServerResponse, item: Item): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let sequence = 0;
  const send = (type: string, data: object): void => {
    const event = JSON.stringify({ type, sequence_number: sequence, ...data });
    sequence += 1;
    response.write(`event: ${type}\ndata: ${event}\n\n`);
  };
  const usage = {
    input_tokens: 1000,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 50,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 1050,
  };
  const head = { id: 'resp_1', object: 'response', status: 'in_progress', output: [] };
  send('response.created', { response: head });
  send('response.output_item.added', { output_index: 0, item: { ...item, status: 'in_progress' } });
  send('response.output_item.done', { output_index: 0, item });
  const done = { ...head, status: 'completed', output: [item], usage };
  send('response.completed', { response: done });
  response.end();
}
