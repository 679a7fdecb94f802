/**
 * Clients of the development forge for tests: plain requests, GraphQL, and git itself.
 */
import { execFile } from 'node:child_process';
import { isJson, type Json } from '../../src/devforge/json.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Json;
}

export async function ask(
  url: string,
  options: {
    secret?: string;
    method?: string;
    body?: unknown;
    headers?: Readonly<Record<string, string>>;
    timeoutMs?: number;
  } = {},
): Promise<Reply> {
  const { secret, method = 'GET', body, headers = {}, timeoutMs = 10_000 } = options;
  const answer = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      'user-agent': 'test',
      ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, body: jsonOf(text) };
}

/** Anything that is no JSON object reads as an empty one. */
function jsonOf(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : {};
  } catch {
    return {};
  }
}

export interface GitRan {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** git as a person has it, with the token in a header and nothing of this machine's settings. */
export async function git(
  home: string,
  secret: string | null,
  args: readonly string[],
): Promise<GitRan> {
  const basic = Buffer.from(`x-access-token:${secret ?? ''}`).toString('base64');
  const config =
    secret === null
      ? { GIT_CONFIG_COUNT: '0' }
      : {
          GIT_CONFIG_COUNT: '1',
          GIT_CONFIG_KEY_0: 'http.extraHeader',
          GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
        };
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Ann',
    GIT_AUTHOR_EMAIL: 'ann@example.com',
    GIT_COMMITTER_NAME: 'Ann',
    GIT_COMMITTER_EMAIL: 'ann@example.com',
    ...config,
  };
  return await new Promise((done) => {
    execFile('git', [...args], { env, encoding: 'utf8' }, (error, out, err) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : 1;
      done({ code, out, err });
    });
  });
}
