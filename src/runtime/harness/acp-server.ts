/**
 * The agent's side of ACP on stdio, as little of it as the scripted agent needs: requests in,
 * answers and updates out, one JSON message per line. Loading a whole SDK would cost this agent
 * more time than everything else it does until its first prompt; real agents prove the protocol.
 */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fieldsOf, textOf } from './fields.ts';

export type Answer = (params: unknown) => Promise<unknown>;

export interface AcpServer {
  /** Resolves once it is written, so that a flood waits for its reader. */
  notify(method: string, params: unknown): Promise<void>;
  /** Resolves when the client has gone. */
  readonly closed: Promise<void>;
}

/** Requests and notifications find their answer by method; requests run beside each other. */
export function serveAcp(
  input: Readable,
  output: Writable,
  answers: (method: string) => Answer | null,
): AcpServer {
  const send = (message: object): Promise<void> =>
    new Promise((resolve) => {
      output.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`, () => resolve());
    });
  const lines = createInterface({ input });
  lines.on('line', (line) => void take(line, answers, send));
  const closed = new Promise<void>((resolve) => void lines.on('close', () => resolve()));
  return { notify: (method, params) => send({ method, params }), closed };
}

async function take(
  line: string,
  answers: (method: string) => Answer | null,
  send: (message: object) => Promise<void>,
): Promise<void> {
  const message = fieldsOf(JSON.parse(line));
  const method = textOf(message['method']);
  if (method === null) return; // an answer: this agent asks nothing
  const { id } = message;
  try {
    const answer = answers(method);
    if (answer !== null) {
      const result = await answer(message['params']);
      if (id !== undefined) await send({ id, result });
    } else if (id !== undefined) {
      await send({ id, error: { code: -32601, message: `no method ${method}` } });
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (id !== undefined) await send({ id, error: { code: -32603, message: text } });
  }
}
