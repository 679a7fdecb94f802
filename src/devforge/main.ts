/**
 * Runs the development forge by hand, with one repository to play with.
 *
 *   main.ts [--port N] [--github | --gitlab | --gitea] [--home DIR] [--json]
 *
 * M1 It ends with SIGINT or SIGTERM, and takes a home of its own making with it. M2 The tokens it
 *    prints open nothing but this forge.
 */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DevForge } from './devforge.ts';
import type { ForgeProvider, ForgeRandom } from './model.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

const random: ForgeRandom = {
  below: (bound) => randomInt(bound),
  token: (chars) =>
    Array.from({ length: chars }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join(''),
};

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    home: { type: 'string' },
    github: { type: 'boolean', default: false },
    gitlab: { type: 'boolean', default: false },
    gitea: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const provider: ForgeProvider = values.gitlab ? 'gitlab' : values.gitea ? 'gitea' : 'github';
const home = values.home ?? mkdtempSync(join(tmpdir(), 'devforge-'));
const forge = new DevForge({
  home,
  random,
  clock: { now: () => Date.now() },
  timers: {
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  },
});
await forge.start({ port: Number(values.port) });
const seeded = await seed(forge);
print(seeded);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void forge.stop().then(() => {
      if (values.home === undefined) rmSync(home, { recursive: true, force: true }); // M1
    });
  });
}

interface Seeded {
  readonly provider: ForgeProvider;
  readonly origin: string;
  readonly api: string;
  readonly repository: string;
  readonly cloneUrl: string;
  /** Of the one who may push. */
  readonly token: string;
  /** Of the one who may approve. */
  readonly reviewerToken: string;
}

async function seed(on: DevForge): Promise<Seeded> {
  on.addUser('dev');
  on.addUser('reviewer');
  const { repo, cloneUrl } = await on.addRepo('acme/hello', {
    private: true,
    collaborators: { dev: 'admin', reviewer: 'write' },
    protection: { requiredChecks: ['build'] },
    ci: [{ name: 'build', appearsAfterMs: 500, takesMs: 1500 }],
    files: {
      'README.md': '# hello\n\nA repository of the development forge.\n',
      'package.json': `${JSON.stringify({ name: 'hello', type: 'module' }, null, 2)}\n`,
      'src/hello.js': 'export const hello = (name) => `Hello, ${name}`;\n',
    },
  });
  const apis = { github: on.urls.api, gitlab: on.urls.gitlab, gitea: on.urls.gitea };
  return {
    provider,
    origin: on.origin,
    api: apis[provider],
    repository: repo.fullName,
    cloneUrl,
    token: on.addToken('dev', { name: 'dev' }).secret,
    reviewerToken: on.addToken('reviewer', { name: 'reviewer' }).secret,
  };
}

function print(what: Seeded): void {
  if (values.json) {
    console.log(JSON.stringify(what));
    return;
  }
  console.log(`development forge (${what.provider}) at ${what.origin}`);
  console.log(`  api         ${what.api}`);
  console.log(`  clone       ${what.cloneUrl}`);
  console.log(`  token       ${what.token}`);
  console.log(`  reviewer    ${what.reviewerToken}`);
}
