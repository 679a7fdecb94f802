/**
 * The little of MCP that the scripted agent needs as a client: the handshake, the list, a call.
 * Streamable HTTP with JSON answers, one request per message.
 */
import { request } from 'node:http';
import { fieldsOf, listOf, textOf, type Fields } from './fields.ts';

export interface ToolResult {
  readonly isError: boolean;
  readonly text: string;
}

export class McpClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  #nextId = 1;

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.#url = url;
    this.#headers = headers;
  }

  async connect(): Promise<void> {
    await this.#ask('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'scripted', version: '1' },
    });
    await this.#post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    await this.#ask('tools/list', {});
  }

  async call(name: string, input: unknown): Promise<ToolResult> {
    const result = await this.#ask('tools/call', { name, arguments: input });
    const text = listOf(result['content'])
      .map((piece) => textOf(fieldsOf(piece)['text']) ?? '')
      .join('\n');
    return { isError: result['isError'] === true, text };
  }

  async #ask(method: string, params: unknown): Promise<Fields> {
    const id = this.#nextId;
    this.#nextId += 1;
    const answer = fieldsOf(JSON.parse(await this.#post({ jsonrpc: '2.0', id, method, params })));
    if (answer['error'] !== undefined) {
      throw new Error(textOf(fieldsOf(answer['error'])['message']) ?? `${method} failed`);
    }
    return fieldsOf(answer['result']);
  }

  #post(message: unknown): Promise<string> {
    const body = JSON.stringify(message);
    const headers = {
      ...this.#headers,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      accept: 'application/json, text/event-stream',
    };
    return new Promise((resolve, reject) => {
      const call = request(this.#url, { method: 'POST', headers }, (response) => {
        response.setEncoding('utf8');
        let text = '';
        response.on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => resolve(text));
        response.on('error', reject);
      });
      call.on('error', reject);
      call.end(body);
    });
  }
}
