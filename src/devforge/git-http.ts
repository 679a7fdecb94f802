/**
 * Git over HTTP: the token is checked, then git's own `http-backend` does the protocol.
 *
 * H1 No or a bad token is 401, a repository this token may not see is 404, a push without the
 *    right to is 403, before git is started. H2 Protected branches are refused by an update hook,
 *    per ref, as the original does. H3 The forge has noticed a push before the client knows of it.
 */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { secretOf } from './exchange.ts';
import { gitEnv } from './git-repository.ts';
import type { Token } from './model.ts';
import type { Repo } from './repo.ts';
import type { World } from './world.ts';

export interface GitRequest {
  readonly repo: string;
  /** `/info/refs`, `/git-upload-pack`, `/git-receive-pack`. */
  readonly verb: string;
  readonly query: string;
}

const PATH = /^\/(.+?)(?:\.git)?(\/info\/refs|\/git-upload-pack|\/git-receive-pack)$/;

const UPDATE_HOOK = `#!/bin/sh
for name in $DEVFORGE_PROTECTED; do
  if [ "$1" = "refs/heads/$name" ]; then
    echo "error: GH006: Protected branch update failed for $1." >&2
    echo "error: Changes must be made through a pull request." >&2
    exit 1
  fi
done
exit 0
`;

export function gitRequestOf(path: string, query: string): GitRequest | null {
  const found = PATH.exec(path);
  if (found === null) return null;
  return { repo: found[1] ?? '', verb: found[2] ?? '', query };
}

export async function writeHooks(home: string): Promise<void> {
  await mkdir(join(home, 'hooks'), { recursive: true });
  await writeFile(join(home, 'hooks', 'update'), UPDATE_HOOK, { mode: 0o755 });
}

export interface GitServed {
  readonly status: number;
  readonly token: Token | null;
}

export class GitHttp {
  readonly #world: World;
  readonly #home: string;

  constructor(world: World, home: string) {
    this.#world = world;
    this.#home = home;
  }

  async serve(
    asked: GitRequest,
    req: IncomingMessage,
    res: ServerResponse,
    headers: Readonly<Record<string, string>>,
    lost = false,
  ): Promise<GitServed> {
    const secret = secretOf(headers);
    const token = secret === null ? null : this.#world.authenticate(secret);
    const pushes = asked.verb === '/git-receive-pack' || asked.query.includes('git-receive-pack');
    const found = this.#world.find(asked.repo) ?? this.#world.formerly(asked.repo);
    const access = found === null ? 'none' : this.#world.accessOf(token, found);
    const refused = refusal({ secret, token, found, access, pushes }); // H1
    if (found === null || refused !== null) {
      const { status, message } = refused ?? { status: 404, message: 'Repository not found.' };
      const challenge = status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {};
      res.writeHead(status, { 'content-type': 'text/plain', ...challenge });
      res.end(`${message}\n`);
      return { status, token };
    }
    const status = await this.#run(asked, found, token, { req, res, headers, lost });
    return { status, token };
  }

  async #run(
    asked: GitRequest,
    repo: Repo,
    token: Token | null,
    http: {
      req: IncomingMessage;
      res: ServerResponse;
      headers: Readonly<Record<string, string>>;
      /** It is done, and the connection is cut before the answer. */
      lost: boolean;
    },
  ): Promise<number> {
    const { req, res, headers, lost } = http;
    const child = spawn('git', ['http-backend'], {
      env: {
        ...gitEnv(this.#world.git),
        ...this.#settings(repo),
        GIT_PROJECT_ROOT: join(this.#home, 'repositories'),
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: `/${repo.fullName}.git${asked.verb}`,
        QUERY_STRING: asked.query,
        REQUEST_METHOD: req.method ?? 'GET',
        CONTENT_TYPE: headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
        ...(headers['content-length'] === undefined
          ? {}
          : { CONTENT_LENGTH: headers['content-length'] }),
        GIT_PROTOCOL: headers['git-protocol'] ?? '',
        REMOTE_USER: token?.user.login ?? 'anonymous',
        REMOTE_ADDR: '127.0.0.1',
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    res.on('close', () => child.kill());
    child.stdin.on('error', () => {}); // it ended early; its answer says why
    req.pipe(child.stdin);
    const status = await relay(child.stdout, lost ? null : res);
    if (asked.verb === '/git-receive-pack') await repo.sync(token?.user ?? repo.owner); // H3
    if (lost) req.socket.resetAndDestroy();
    else res.end();
    return status;
  }

  /** H2 */
  #settings(repo: Repo): Record<string, string> {
    const closed = [...repo.protections.keys()].join(' ');
    const config = [
      ['core.hooksPath', join(this.#home, 'hooks')],
      ['http.receivepack', 'true'],
      ['safe.directory', '*'],
    ];
    return {
      DEVFORGE_PROTECTED: closed,
      GIT_CONFIG_COUNT: String(config.length),
      ...Object.fromEntries(
        config.flatMap(([key = '', value = ''], at) => [
          [`GIT_CONFIG_KEY_${at}`, key],
          [`GIT_CONFIG_VALUE_${at}`, value],
        ]),
      ),
    };
  }
}

function refusal(of: {
  secret: string | null;
  token: Token | null;
  found: Repo | null;
  access: string;
  pushes: boolean;
}): { status: number; message: string } | null {
  if (of.secret !== null && of.token === null) {
    return { status: 401, message: 'Invalid username or token.' };
  }
  if (of.token === null && (of.pushes || of.access === 'none')) {
    return { status: 401, message: 'Authentication required.' };
  }
  if (of.found === null || of.access === 'none') {
    return { status: 404, message: 'Repository not found.' };
  }
  if (!of.pushes) return null;
  if (of.found.archived) {
    return { status: 403, message: 'This repository was archived so it is read-only.' };
  }
  const right = of.token === null || mayPush(of.token, of.access);
  return right ? null : { status: 403, message: `Permission to ${of.found.fullName} denied.` };
}

function mayPush(token: Token, access: string): boolean {
  if (access !== 'write' && access !== 'admin') return false;
  if (token.permissions !== null) return token.permissions['contents'] === 'write';
  const scopes = ['repo', 'public_repo', 'api', 'write_repository', 'write:repository'];
  return scopes.some((scope) => token.scopes.includes(scope));
}

/** The CGI head becomes HTTP's; the body is streamed. Resolves when the child has said all. */
async function relay(out: NodeJS.ReadableStream, res: ServerResponse | null): Promise<number> {
  let head: Buffer | null = Buffer.alloc(0);
  let status = 200;
  for await (const chunk of out) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    if (head === null) {
      await written(res, bytes);
      continue;
    }
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) continue;
    const lines = head.subarray(0, end).toString('latin1').split('\r\n');
    const pairs = lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    status = Number(pairs.find(([name]) => name === 'Status')?.[1].slice(0, 3) ?? 200);
    res?.writeHead(status, Object.fromEntries(pairs.filter(([name]) => name !== 'Status')));
    const rest = head.subarray(end + 4);
    head = null;
    if (rest.length > 0) await written(res, rest);
  }
  if (head !== null) {
    status = 500;
    res?.writeHead(500);
  }
  return status;
}

async function written(res: ServerResponse | null, bytes: Buffer): Promise<void> {
  if (res === null || res.destroyed || res.write(bytes)) return;
  await new Promise<void>((done) => {
    res.once('drain', done);
    res.once('close', done);
  });
}
