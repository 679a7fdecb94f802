/**
 * Drives one agent over ACP: initialize, one session, its model, prompts, cancel.
 *
 * A1 The agent uses its own tools in its workspace: we offer it neither files nor terminals.
 * A2 A permission is granted at once, because the sandbox is the boundary; a question to a person
 *    is declined, because nobody sits there (`gt_ask` reaches one).
 * A3 The end of a turn is reported, never judged: only a tool call finishes work.
 * A4 What goes wrong is a value with its cause; a request that is never answered is the caller's
 *    deadline to watch.
 */
import type { Readable, Writable } from 'node:stream';
import { client, methods, RequestError, type ClientConnection } from '@agentclientprotocol/sdk';
import { err, ok, type Result } from '../../core/result.ts';
import type { Secret } from '../../core/secret.ts';
import { acpStream } from './acp-stream.ts';
import { eventsOf, turnUsage, type AgentEvent } from './acp-events.ts';
import { fieldsOf, listOf, textOf, type Fields } from './fields.ts';
import { chooseModel, currentModel, modelOptions } from './model-option.ts';

export interface AcpError {
  readonly cause: 'protocol' | 'login_needed';
  readonly output: string;
}

export interface AcpListener {
  onEvent(event: AgentEvent): void;
  /** The connection is unusable from here on. */
  onBroken(error: AcpError): void;
}

export interface SessionRequest {
  readonly cwd: string;
  readonly toolsUrl: string;
  readonly capability: Secret;
  /** Ways to log in that need no person, in the order to try them. */
  readonly logins: readonly string[];
  /** Modes in which the agent asks nobody; the first one it offers is set. A2 */
  readonly modes: readonly string[];
}

export interface TurnEnd {
  readonly stopReason: string;
}

const authRequired = -32000;

export class AcpAgent {
  readonly #connection: ClientConnection;
  readonly #listener: AcpListener;
  #sessionId = '';
  #session: Fields = {};
  #logins: readonly string[] = [];

  constructor(stdin: Writable, stdout: Readable, listener: AcpListener) {
    this.#listener = listener;
    const stream = acpStream(stdin, stdout, {
      onUpdate: (params) => {
        for (const event of eventsOf(params)) listener.onEvent(event);
      },
      onMalformed: (line) => {
        listener.onBroken({ cause: 'protocol', output: `not a protocol message: ${line}` });
      },
    });
    this.#connection = client({ name: 'gastown' })
      .onRequest(methods.client.session.requestPermission, ({ params }) => ({
        outcome: answerPermission(params), // A2
      }))
      .onRequest(methods.client.elicitation.create, () => ({ action: 'decline' }))
      .connect(stream);
  }

  async initialize(): Promise<Result<void, AcpError>> {
    const answer = await this.#ask(methods.agent.initialize, {
      protocolVersion: 1,
      clientInfo: { name: 'gastown', version: '1' },
      clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    });
    if (!answer.ok) return answer;
    const version = answer.value['protocolVersion'];
    if (version !== 1) {
      const output = `the agent speaks protocol version ${String(version)}; this needs 1`;
      return err({ cause: 'protocol', output });
    }
    this.#logins = listOf(answer.value['authMethods']).flatMap(
      (method) => textOf(fieldsOf(method)['id']) ?? [],
    );
    return ok(undefined);
  }

  /** The model it says it uses, where it says so. */
  async openSession(request: SessionRequest): Promise<Result<string | null, AcpError>> {
    let answer = await this.#newSession(request);
    if (!answer.ok && answer.error.cause === 'login_needed') {
      for (const method of request.logins.filter((id) => this.#logins.includes(id))) {
        const loggedIn = await this.#ask(methods.agent.authenticate, { methodId: method });
        if (!loggedIn.ok) continue;
        answer = await this.#newSession(request);
        break;
      }
    }
    if (!answer.ok) return answer;
    this.#session = answer.value;
    this.#sessionId = textOf(answer.value['sessionId']) ?? '';
    const mode = chooseMode(this.#session, request.modes);
    if (mode !== null) {
      const params = { sessionId: this.#sessionId, modeId: mode };
      const set = await this.#ask(methods.agent.session.setMode, params);
      if (!set.ok) return set;
    }
    return ok(currentModel(this.#session));
  }

  /** Asks for a model; answers with the one the agent then says it uses, or null. */
  async setModel(wanted: string): Promise<Result<string | null, AcpError>> {
    const choice = chooseModel(modelOptions(this.#session), wanted);
    if (choice === null) return ok(currentModel(this.#session));
    const sessionId = this.#sessionId;
    const answer =
      choice.by === 'option'
        ? await this.#ask(methods.agent.session.setConfigOption, {
            sessionId,
            configId: choice.configId,
            value: choice.value,
          })
        : await this.#ask('session/set_model', { sessionId, modelId: choice.value });
    if (!answer.ok) return answer;
    // An agent that answers with nothing more has accepted what it was asked.
    return ok(currentModel(answer.value) ?? choice.value);
  }

  /** Resolves at the end of the turn. */
  async prompt(text: string): Promise<Result<TurnEnd, AcpError>> {
    const answer = await this.#ask(methods.agent.session.prompt, {
      sessionId: this.#sessionId,
      prompt: [{ type: 'text', text }],
    });
    if (!answer.ok) return answer;
    const report = turnUsage(answer.value);
    if (report !== null) this.#listener.onEvent({ kind: 'usage', report });
    return ok({ stopReason: textOf(answer.value['stopReason']) ?? 'unknown' });
  }

  /** A notification: nothing answers it; the turn's end does. */
  cancel(): void {
    if (this.#sessionId === '') return;
    const params = { sessionId: this.#sessionId };
    this.#connection.agent.notify(methods.agent.session.cancel, params).catch(() => undefined);
  }

  close(): void {
    this.#connection.close();
  }

  async #newSession(request: SessionRequest): Promise<Result<Fields, AcpError>> {
    const authorization = { name: 'Authorization', value: `Bearer ${request.capability.open()}` };
    const server = { type: 'http', name: 'gastown', url: request.toolsUrl };
    return this.#ask(methods.agent.session.new, {
      cwd: request.cwd,
      mcpServers: [{ ...server, headers: [authorization] }],
    });
  }

  /** Sent and answered as plain values: an agent's extra or missing fields are no failure. */
  async #ask(method: string, params: unknown): Promise<Result<Fields, AcpError>> {
    try {
      return ok(fieldsOf(await this.#connection.agent.request(method, params)));
    } catch (error) {
      return err(errorOf(error));
    }
  }
}

/** The first wanted mode it offers and is not in already. */
function chooseMode(session: Fields, wanted: readonly string[]): string | null {
  const modes = fieldsOf(session['modes']);
  const offered = listOf(modes['availableModes']).map((raw) => textOf(fieldsOf(raw)['id']));
  const mode = wanted.find((id) => offered.includes(id)) ?? null;
  return mode === textOf(modes['currentModeId']) ? null : mode;
}

function errorOf(error: unknown): AcpError {
  if (!(error instanceof RequestError)) return { cause: 'protocol', output: String(error) };
  const data = error.data === undefined ? '' : ` ${JSON.stringify(error.data).slice(0, 1000)}`;
  return {
    cause: error.code === authRequired ? 'login_needed' : 'protocol',
    output: `${error.message}${data}`,
  };
}

type PermissionOutcome =
  | { readonly outcome: 'cancelled' }
  | { readonly outcome: 'selected'; readonly optionId: string };

/** Tools by which agents ask the person in front of them. */
const asksPerson = /^(?:ask|question|request_user_input|ask_?user|suggest)/i;

function answerPermission(raw: unknown): PermissionOutcome {
  const params = fieldsOf(raw);
  const call = fieldsOf(params['toolCall']);
  const name = textOf(call['name']) ?? textOf(call['title']) ?? '';
  const wanted = asksPerson.test(name)
    ? ['reject_once', 'reject_always']
    : ['allow_once', 'allow_always'];
  const options = listOf(params['options']).map(fieldsOf);
  for (const kind of wanted) {
    const option = options.find((candidate) => candidate['kind'] === kind);
    const optionId = textOf(option?.['optionId']);
    if (optionId !== null) return { outcome: 'selected', optionId };
  }
  return { outcome: 'cancelled' };
}
