/** What differs between agents: models, modes, permissions, reports of usage, lines on the wire. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../core/secret.ts';
import { overBudget, UsageMeter } from '../usage-meter.ts';
import { AcpAgent, type AcpError } from './acp.ts';
import { eventsOf, turnUsage, type AgentEvent } from './acp-events.ts';
import { chooseModel, currentModel, modelOptions } from './model-option.ts';
import { findAgent, probeAgents } from './profiles.ts';
import { parseScript, stepsFor } from './script.ts';

type Message = { id?: number; method?: string; params?: unknown; result?: unknown };

/** An agent played by hand: every message it gets goes to `play`, which answers what it likes. */
function played(play: (message: Message, send: (message: object) => void) => void) {
  const toAgent = new PassThrough();
  const fromAgent = new PassThrough();
  const events: AgentEvent[] = [];
  const broken: AcpError[] = [];
  const send = (message: object): void => {
    fromAgent.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  };
  let buffer = '';
  toAgent.setEncoding('utf8').on('data', (text: string) => {
    buffer += text;
    const lines = buffer.split('\n');
    buffer = lines.pop() ?? '';
    for (const line of lines) play(JSON.parse(line), send);
  });
  const agent = new AcpAgent(toAgent, fromAgent, {
    onEvent: (event) => events.push(event),
    onBroken: (error) => broken.push(error),
  });
  return { agent, events, broken, fromAgent };
}

const session = {
  cwd: '/',
  toolsUrl: 'http://127.0.0.1:1/mcp',
  capability: new Secret('capability'),
  logins: ['api-key'],
  modes: ['full-access'],
};

describe('a session', () => {
  it('sets a mode that asks nobody and logs in only by ways that need no person', async () => {
    const asked: string[] = [];
    let isLoggedIn = false;
    const { agent } = played(({ id, method, params }, send) => {
      asked.push(`${method} ${JSON.stringify(params)}`);
      if (method === 'initialize') {
        const authMethods = [{ id: 'browser' }, { id: 'api-key' }];
        send({ id, result: { protocolVersion: 1, authMethods } });
      } else if (method === 'authenticate') {
        isLoggedIn = true;
        send({ id, result: {} });
      } else if (method === 'session/new' && !isLoggedIn) {
        send({ id, error: { code: -32000, message: 'log in' } });
      } else if (method === 'session/new') {
        const availableModes = [{ id: 'auto' }, { id: 'full-access' }];
        send({ id, result: { sessionId: 's1', modes: { currentModeId: 'auto', availableModes } } });
      } else send({ id, result: {} });
    });
    expect(await agent.initialize()).toEqual({ ok: true, value: undefined });
    expect(await agent.openSession(session)).toEqual({ ok: true, value: null });
    expect(asked[1]).toContain('"value":"Bearer capability"');
    expect(asked.map((line) => line.split(' ')[0])).toEqual([
      'initialize',
      'session/new',
      'authenticate',
      'session/new',
      'session/set_mode',
    ]);
    expect(asked[2]).toContain('api-key');
    expect(asked[4]).toContain('full-access');
    agent.close();
  });

  it('sees every update of a turn before its end, and ignores kinds it does not know', async () => {
    const { agent, events } = played(({ id, method }, send) => {
      if (method !== 'session/prompt') return send({ id, result: { protocolVersion: 1 } });
      for (const update of [
        { sessionUpdate: 'from_the_future', x: 1 },
        { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 'hi' } },
      ]) {
        send({ method: 'session/update', params: { sessionId: 's', update } });
      }
      send({ id, result: { stopReason: 'end_turn', usage: { inputTokens: 3, outputTokens: 4 } } });
    });
    await agent.initialize();
    expect(await agent.prompt('go')).toEqual({ ok: true, value: { stopReason: 'end_turn' } });
    expect(events.map((event) => event.kind)).toEqual(['message', 'usage']);
    agent.close();
  });

  it('grants permissions and declines questions', async () => {
    const answers: unknown[] = [];
    const options = [
      { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
      { optionId: 'no', name: 'No', kind: 'reject_once' },
    ];
    const ask = (id: string, title: string): object => ({
      id,
      method: 'session/request_permission',
      params: { sessionId: 's', toolCall: { toolCallId: id, title }, options },
    });
    const { agent } = played((message, send) => {
      if (message.method === 'session/prompt') {
        send(ask('a', 'rm -rf build'));
        send(ask('b', 'question'));
      }
      if (message.method === undefined) answers.push(message.result);
      if (answers.length === 2) send({ id: 0, result: { stopReason: 'end_turn' } });
    });
    await agent.prompt('go');
    expect(answers).toEqual([
      { outcome: { outcome: 'selected', optionId: 'yes' } },
      { outcome: { outcome: 'selected', optionId: 'no' } },
    ]);
    agent.close();
  });

  it('breaks on a line that is no message, and says which', async () => {
    const { agent, broken, fromAgent } = played(() => undefined);
    const turn = agent.prompt('go');
    fromAgent.write('npm warn something\n');
    expect((await turn).ok).toBe(false);
    expect(broken[0]?.output).toContain('npm warn something');
  });
});

describe('models', () => {
  const options = (current: string) => ({
    configOptions: [
      { id: 'mode', category: 'mode', options: [{ value: 'fast' }] },
      {
        id: 'm',
        category: 'model',
        currentValue: current,
        options: [
          { name: 'group', options: [{ value: 'lab/big', name: 'Big' }, { value: 'small[low]' }] },
        ],
      },
    ],
  });

  it('are found under provider prefixes, effort suffixes and names', () => {
    const offered = modelOptions(options('lab/big'));
    const chosen = (wanted: string) => chooseModel(offered, wanted)?.value;
    expect([chosen('big'), chosen('small'), chosen('BIG'), chosen('lab/big')]).toEqual([
      'lab/big',
      'small[low]',
      'lab/big',
      'lab/big',
    ]);
    expect(chooseModel(offered, 'huge')).toBeNull();
    expect(currentModel(options('small[low]'))).toBe('small[low]');
  });

  it('are offered in the older way too', () => {
    const old = {
      models: { currentModelId: 'a', availableModels: [{ modelId: 'a' }, { modelId: 'b' }] },
    };
    expect(chooseModel(modelOptions(old), 'b')).toEqual({ by: 'method', value: 'b' });
    expect(currentModel(old)).toBe('a');
  });
});

describe('usage', () => {
  it('is read from the several places agents put it, and only grows', () => {
    const meter = new UsageMeter();
    const take = (update: object): void => {
      for (const event of eventsOf({ update }))
        if (event.kind === 'usage') meter.take(event.report);
    };
    const cost = { amount: 0.25, currency: 'USD' };
    take({ sessionUpdate: 'usage_update', used: 500, size: 1000, cost });
    expect(meter.total()).toEqual({ inputTokens: 500, outputTokens: 0, usd: 0.25 });
    take({ sessionUpdate: 'usage_update', used: 100, size: 1000, cost: { ...cost, amount: 0.1 } });
    expect(meter.total()).toEqual({ inputTokens: 500, outputTokens: 0, usd: 0.25 });
    const turn = turnUsage({
      usage: { inputTokens: 600, outputTokens: 50, cachedReadTokens: 200 },
    });
    if (turn !== null) meter.take(turn);
    expect(meter.total()).toEqual({ inputTokens: 800, outputTokens: 50, usd: 0.25 });
    const quota = turnUsage({
      _meta: { quota: { token_count: { input_tokens: 7, output_tokens: 1 } } },
    });
    expect(quota?.turn).toEqual({ inputTokens: 7, outputTokens: 1 });
    expect(turnUsage({ usage: 'plenty' })).toBeNull();
  });

  it('crosses a limit of tokens or of money', () => {
    const usage = { inputTokens: 80, outputTokens: 30, usd: 2 };
    expect(overBudget(usage, { tokensMax: 110, usdMax: null })).toBeNull();
    expect(overBudget(usage, { tokensMax: 100, usdMax: null })).toMatchObject({ unit: 'tokens' });
    expect(overBudget(usage, { tokensMax: null, usdMax: 1 })).toMatchObject({
      unit: 'usd',
      used: 2,
    });
  });
});

describe('agents', () => {
  it('are listed when their command is there, best first, and scripted always last', async () => {
    const there = ['codex-acp', 'opencode'];
    const find = async (command: string) => (there.includes(command) ? `/bin/${command}` : null);
    expect(await probeAgents(find)).toEqual(['codex', 'opencode', 'scripted']);
  });

  it('configured by a person win over built-in ones, and keep what is known of them', () => {
    const mine = { name: 'codex', command: '/opt/mine', args: [], env: {}, loginFiles: [] };
    const found = findAgent('codex', mine, 'node');
    expect(found?.profile.command).toBe('/opt/mine');
    expect(found?.quirks.modes).toContain('full-access');
    expect(findAgent('nobody', null, 'node')).toBeNull();
  });
});

describe('scripts', () => {
  const prompt = [
    'Quoted:',
    '> ```gastown-script',
    '> {"say": "first"}',
    '> --- attempt',
    '> {"say": "second try"}',
    '> --- round',
    '> {"say": "round"}',
    '> ```',
  ].join('\n');

  it('have steps by round and by attempt, the last of each again and again', () => {
    const parsed = parseScript(prompt);
    if (!parsed.ok || parsed.script === null) throw new Error('not parsed');
    const { script } = parsed;
    const said = (round: number, attempt: number) => stepsFor(script, round, attempt)[0]?.argument;
    expect([said(0, 1), said(0, 2), said(0, 9), said(1, 2), said(5, 9)]).toEqual([
      'first',
      'second try',
      'second try',
      'round',
      'round',
    ]);
  });

  it('are taken from the end, where the task is, and not from what is quoted before', () => {
    const block = (text: string) => `\`\`\`gastown-script\n{"say": "${text}"}\n\`\`\``;
    const parsed = parseScript(`${block('quoted')}\n\n${block('mine')}`);
    expect(parsed).toMatchObject({ script: { rounds: [[[{ argument: 'mine' }]]] } });
    expect(parseScript('no script at all')).toEqual({ ok: true, script: null });
  });

  it('that cannot be read say which line', () => {
    const parsed = parseScript('```gastown-script\n{"say": }\n```');
    expect(parsed).toMatchObject({ ok: false, problem: expect.stringContaining('{"say": }') });
  });
});
