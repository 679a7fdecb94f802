/**
 * A town and a development forge side by side, for acceptance tests: the forge in this process,
 * with the machine's clock, the town driven by `./gt`.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DevForge } from '../../src/devforge/devforge.ts';
import type { ForgeProvider } from '../../src/devforge/model.ts';
import type { Repo } from '../../src/devforge/repo.ts';
import type { Pull } from '../../src/devforge/pull.ts';
import { spawn } from 'node:child_process';
import { GT, TestTown, until, type Ran } from './town.ts';

export interface ChangeView {
  readonly id: string;
  readonly stage: string;
  readonly strategy: string;
  readonly pr: {
    readonly state: string;
    readonly number: number | null;
    readonly url: string | null;
  } | null;
  readonly failures: readonly { readonly kind: string; readonly evidence: string }[];
  readonly escalation: string | null;
}

export const passing = { name: 'test', command: 'ls *.txt && echo 1 test passed' };

export class ForgeGround {
  readonly town = new TestTown();
  readonly forge: DevForge;
  /** Of the town: what must be found nowhere. */
  token = '';
  /** Of git on the machine, until the town has a token of its own. */
  personsToken = '';
  readonly #person: boolean;
  /** What the town takes the forge for. */
  readonly provider: ForgeProvider;

  /** `person`: git on this machine has a login of its own. */
  constructor(options: { readonly person?: boolean; readonly provider?: ForgeProvider } = {}) {
    this.#person = options.person ?? true;
    this.provider = options.provider ?? 'github';
    this.forge = new DevForge({
      home: join(this.town.folder, 'forge'),
      clock: { now: () => Date.now() },
      random: {
        below: (bound) => randomBytes(4).readUInt32BE() % bound,
        token: (chars) => randomBytes(chars).toString('hex').slice(0, chars),
      },
      timers: {
        after: (ms, run) => {
          const timer = setTimeout(run, ms);
          return () => clearTimeout(timer);
        },
      },
    });
  }

  /** The forge, a person `ann`, the town's login `gastown` with a token, and the town. */
  async start(): Promise<void> {
    mkdirSync(join(this.town.folder, 'forge'), { recursive: true });
    const { origin } = await this.forge.start();
    this.forge.addUser('ann');
    this.forge.addUser('gastown');
    const scopes = this.provider === 'gitlab' ? ['api'] : ['repo'];
    this.token = this.forge.addToken('gastown', { scopes }).secret;
    await this.#up(origin);
    await this.town.json(['config', 'set', 'forge.instances', `${this.provider}=${origin}`]);
    await this.town.json(['config', 'set', 'autoMerge', 'true']);
  }

  /** With git credentials of the machine's person, which say nothing about the forge's API. */
  async #up(origin: string): Promise<void> {
    if (!this.#person) {
      await this.town.up();
      return;
    }
    this.personsToken = this.forge.addToken('ann', { scopes: ['repo'] }).secret;
    const basic = Buffer.from(`x-access-token:${this.personsToken}`).toString('base64');
    const env = {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `http.${origin}/.extraHeader`,
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    };
    const ran = await this.town.run(['up', '--detach', '--port', '0'], env);
    if (ran.code !== 0) throw new Error(ran.err);
  }

  async repository(name: string): Promise<Repo> {
    const { repo } = await this.forge.addRepo(`team/${name}`, {
      collaborators: { ann: 'admin', gastown: 'write' },
      ci: [{ name: 'ci', conclusion: 'success', appearsAfterMs: 0, takesMs: 0 }],
      files: {
        'readme.txt': 'hello\n',
        '.gastown.json': JSON.stringify({ setup: [], gates: [passing] }),
      },
    });
    return repo;
  }

  login(...words: readonly string[]): Promise<Ran> {
    return this.pipe(['forge', 'login', '--token-stdin', ...words], `${this.token}\n`);
  }

  /** `gt` with something on its standard input. */
  pipe(words: readonly string[], input: string): Promise<Ran> {
    const child = spawn(GT, [...words], { cwd: this.town.folder, env: { ...this.town.env } });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.stdin.end(input);
    return new Promise((done, fail) => {
      child.on('error', fail);
      child.on('close', (code) => done({ code, out, err }));
    });
  }

  async change(bead: string): Promise<ChangeView | null> {
    const { mergeRequest } = await this.town.bead(bead);
    if (mergeRequest === null) return null;
    return await this.town.get<ChangeView>(`/merge-requests/${mergeRequest}`);
  }

  /** The pull request of a bead, once the forge has it. */
  async pullOf(bead: string, repo: Repo): Promise<Pull> {
    return await until(
      `${bead} has a pull request`,
      async () => {
        const number = (await this.change(bead))?.pr?.number ?? null;
        return number === null ? null : repo.findPull(number);
      },
      40_000,
    );
  }

  async closed(bead: string): Promise<string | null> {
    const done = await until(
      `${bead} closes`,
      async () => {
        const seen = await this.town.bead(bead);
        return seen.status === 'closed' ? seen : null;
      },
      60_000,
    );
    return done.resolution;
  }

  async end(): Promise<void> {
    await this.town.down();
    await this.forge.stop();
    await this.town.close();
    if (this.forge.bugs.length > 0) throw new AggregateError(this.forge.bugs, 'bugs of the forge');
  }
}
