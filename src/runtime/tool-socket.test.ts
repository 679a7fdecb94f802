/** The door agents come through: who is let in, and what it takes to count as ready. */
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { limits } from '../core/limits.ts';
import { toolPrompt, toolsOf } from '../protocol/tools.ts';
import { ToolSocket, type ToolGrant } from './tool-socket.ts';

let socket: ToolSocket;
let grant: ToolGrant;
let calls: { name: string; input: unknown }[];

beforeEach(async () => {
  let n = 0;
  calls = [];
  socket = new ToolSocket({
    random: {
      below: () => 0,
      token: () => {
        n += 1;
        return `capability-${n}`;
      },
    },
    log: { info: () => undefined, error: () => undefined },
  });
  await socket.start();
  grant = socket.grant('polecat', async (name, input) => {
    calls.push({ name, input });
    return { isError: false, text: `did ${name}` };
  });
});

afterEach(() => socket.stop());

function clientOf({ url, capability }: ToolGrant): {
  client: Client;
  transport: StreamableHTTPClientTransport;
} {
  const headers = { authorization: `Bearer ${capability.open()}` };
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  return { client: new Client({ name: 'test', version: '1' }), transport };
}

describe('with its capability', () => {
  it('an MCP client of the SDK lists the tools of its role and calls one', async () => {
    const { client, transport } = clientOf(grant);
    await client.connect(transport);
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(toolsOf('polecat').map((tool) => tool.name));
    for (const { name } of tools) expect(toolPrompt('polecat')).toContain(`\`${name}\``);
    await grant.ready;
    const answer = await client.callTool({ name: 'gt_done', arguments: { summary: 'all of it' } });
    expect(answer.content).toEqual([{ type: 'text', text: 'did gt_done' }]);
    expect(calls).toEqual([{ name: 'gt_done', input: { summary: 'all of it' } }]);
    await client.close();
  });

  it('arguments of a wrong shape never reach the tool', async () => {
    const { client, transport } = clientOf(grant);
    await client.connect(transport);
    const answer = await client.callTool({ name: 'gt_done', arguments: { bead: 'web-2' } });
    expect(answer.isError).toBe(true);
    expect(calls).toEqual([]);
    await client.close();
  });

  it('is not ready before the tools were listed', async () => {
    let isReady = false;
    const ready = grant.ready.then(() => {
      isReady = true;
    });
    await post(grant, { method: 'initialize', params: hello });
    await post(grant, { method: 'ping' });
    expect(isReady).toBe(false);
    await post(grant, { method: 'tools/list', params: {} });
    await ready;
  });
});

describe('without it', () => {
  it('a tool call is answered with an error a model can read', async () => {
    const call = { method: 'tools/call', params: { name: 'gt_done', arguments: {} } };
    const foreign = await post(grant, call, { authorization: 'Bearer made-up' });
    expect(foreign.body).toMatchObject({ result: { isError: true } });
    grant.revoke();
    const old = await post(grant, call);
    expect(JSON.stringify(old.body)).toContain('This attempt is over');
    expect(calls).toEqual([]);
  });

  it('nothing else is answered', async () => {
    const list = { method: 'tools/list', params: {} };
    expect((await post(grant, list, { authorization: '' })).status).toBe(401);
  });
});

describe('from elsewhere', () => {
  it('a foreign host name or a web page is refused', async () => {
    const list = { method: 'tools/list', params: {} };
    expect((await post(grant, list, { host: 'evil.example' })).status).toBe(403);
    expect((await post(grant, list, { origin: 'https://evil.example' })).status).toBe(403);
  });

  it('a body that is too large is refused', async () => {
    const big = { method: 'tools/call', params: { x: 'x'.repeat(limits.requestBodyBytesMax) } };
    expect((await post(grant, big)).status).toBe(413);
  });
});

const hello = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
};

function post(
  { url, capability }: ToolGrant,
  message: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: unknown }> {
  const all = {
    authorization: `Bearer ${capability.open()}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers: all }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: text === '' ? null : JSON.parse(text) });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }));
  });
}
