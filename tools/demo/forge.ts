/**
 * The code host of the demonstration with `--forge`: the development forge in this process, as
 * GitHub, with one repository, a person, and a token for the town.
 *
 * F1 It listens on loopback and ends with the demonstration. F2 A check runs on every head, so that
 *    what is merged was green.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DevForge } from '../../src/devforge/devforge.ts';
import type { Repo } from '../../src/devforge/repo.ts';

export interface DemoForge {
  readonly origin: string;
  readonly token: string;
  readonly repo: Repo;
  readonly remote: string;
  /** What git is told so that it may push the first commit. */
  readonly gitEnv: Readonly<Record<string, string>>;
  /** Deliveries go there, signed with it. */
  addWebhook(url: string, secret: string): void;
  stop(): Promise<void>;
}

const CHECK_MS = 400;

export async function startForge(folder: string): Promise<DemoForge> {
  const forge = new DevForge({
    home: join(folder, 'forge'),
    clock: { now: () => Date.now() },
    random: {
      below: (bound) => randomBytes(4).readUInt32BE() % bound,
      token: (chars) => randomBytes(chars).toString('hex').slice(0, chars),
    },
    timers: {
      after(ms, run) {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    },
  });
  const { origin } = await forge.start();
  forge.addUser('gastown');
  const { repo, cloneUrl } = await forge.addRepo('demo/greet', {
    files: null,
    collaborators: { gastown: 'write' },
    ci: [{ name: 'ci', conclusion: 'success', takesMs: CHECK_MS }], // F2
  });
  const token = forge.addToken('gastown', { scopes: ['repo'] }).secret;
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  return {
    origin,
    token,
    repo,
    remote: cloneUrl,
    gitEnv: {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `http.${origin}/.extraHeader`,
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    },
    addWebhook: (url, secret) => forge.hooks.add(repo, { url, secret }),
    stop: () => forge.stop(),
  };
}
