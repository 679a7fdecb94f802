/**
 * Recognises the other kinds of projects, one function each. Part of detect.ts.
 *
 * O1 A test command is proposed only where the project names its test tool, or the tool chain has
 *    one of its own (go, cargo).
 * O2 What setup downloads lands in the checkout or in the home it is given, never elsewhere.
 */
import type { Proposal, Repository } from './detect.ts';
import { isObject, parseObject } from './detect-javascript.ts';

type Recogniser = (repository: Repository) => Promise<Proposal | null>;

export const ecosystems: readonly Recogniser[] = [
  python,
  go,
  rust,
  ruby,
  maven,
  gradle,
  php,
  elixir,
  dotnet,
  deno,
  make,
];

/** uv, then poetry, then pip in a virtual environment of its own. */
async function python(repository: Repository): Promise<Proposal | null> {
  const { root } = repository;
  const requirements = ['requirements.txt', 'requirements-dev.txt', 'dev-requirements.txt'].filter(
    (file) => root.includes(file),
  );
  const manifest = root.includes('pyproject.toml') ? await repository.read('pyproject.toml') : null;
  if (manifest === null && requirements.length === 0) return null;
  const texts = await Promise.all(requirements.map((file) => repository.read(file)));
  const usesPytest =
    [manifest, ...texts].some((text) => text !== null && /\bpytest\b/.test(text)) ||
    root.includes('pytest.ini');
  const files = [...(manifest === null ? [] : ['pyproject.toml']), ...requirements];
  const [lock, install, run] = pythonTool(root, requirements);
  const keys = lock === null ? files : [...files, lock];
  return {
    ecosystem: 'python',
    from: keys,
    setup: install === null ? [] : [{ name: 'install-python', command: install, keys }],
    gates: usesPytest ? [{ name: 'test', command: `${run} pytest` }] : [],
  };
}

function pythonTool(
  root: readonly string[],
  requirements: readonly string[],
): [lock: string | null, install: string | null, run: string] {
  if (root.includes('uv.lock')) {
    return ['uv.lock', 'uv sync --frozen', 'uv run --frozen python -m'];
  }
  if (root.includes('poetry.lock')) {
    const inProject = 'POETRY_VIRTUALENVS_IN_PROJECT=true poetry';
    return ['poetry.lock', `${inProject} install --no-interaction`, `${inProject} run python -m`];
  }
  if (requirements.length > 0) {
    const list = requirements.map((file) => `-r ${file}`).join(' ');
    const install = `python3 -m venv .venv && .venv/bin/python -m pip install ${list}`;
    return [null, install, '.venv/bin/python -m'];
  }
  return [null, null, 'python3 -m'];
}

function go({ root }: Repository): Promise<Proposal | null> {
  if (!root.includes('go.mod')) return nothing();
  const sums = root.includes('go.sum');
  const keys = ['go.mod', ...(sums ? ['go.sum'] : [])];
  // Writable, because the module cache is removed like any other directory.
  const download = 'GOFLAGS=-modcacherw go mod download';
  return Promise.resolve({
    ecosystem: 'go',
    from: keys,
    setup: sums ? [{ name: 'install-go', command: download, keys }] : [],
    gates: [{ name: 'test', command: 'go test ./...' }],
  });
}

function rust({ root }: Repository): Promise<Proposal | null> {
  if (!root.includes('Cargo.toml')) return nothing();
  const locked = root.includes('Cargo.lock');
  const keys = ['Cargo.toml', ...(locked ? ['Cargo.lock'] : [])];
  return Promise.resolve({
    ecosystem: 'rust',
    from: keys,
    setup: locked ? [{ name: 'install-rust', command: 'cargo fetch --locked', keys }] : [],
    gates: [{ name: 'test', command: locked ? 'cargo test --locked' : 'cargo test' }],
  });
}

async function ruby({ root, read }: Repository): Promise<Proposal | null> {
  if (!root.includes('Gemfile')) return null;
  const gems = `${(await read('Gemfile')) ?? ''}\n${(await read('Gemfile.lock')) ?? ''}`;
  const keys = ['Gemfile', ...(root.includes('Gemfile.lock') ? ['Gemfile.lock'] : [])];
  const rspec = root.includes('spec') && /\brspec\b/.test(gems);
  const rake = root.includes('Rakefile') && root.includes('test');
  const gate = rspec ? 'bundle exec rspec' : rake ? 'bundle exec rake test' : null;
  const install = 'bundle config set --local path vendor/bundle && bundle install';
  return {
    ecosystem: 'ruby',
    from: keys,
    setup: [{ name: 'install-ruby', command: install, keys }],
    gates: gate === null ? [] : [{ name: 'test', command: gate }],
  };
}

function maven({ root }: Repository): Promise<Proposal | null> {
  if (!root.includes('pom.xml')) return nothing();
  const tool = root.includes('mvnw') ? './mvnw' : 'mvn';
  return Promise.resolve({
    ecosystem: 'maven',
    from: ['pom.xml'],
    setup: [],
    gates: [{ name: 'test', command: `${tool} -B test` }],
  });
}

function gradle({ root }: Repository): Promise<Proposal | null> {
  const file = ['build.gradle.kts', 'build.gradle'].find((name) => root.includes(name));
  if (file === undefined) return nothing();
  const tool = root.includes('gradlew') ? './gradlew' : 'gradle';
  return Promise.resolve({
    ecosystem: 'gradle',
    from: [file],
    setup: [],
    // A daemon would outlive the gate.
    gates: [{ name: 'test', command: `${tool} --no-daemon test` }],
  });
}

async function php({ root, read }: Repository): Promise<Proposal | null> {
  if (!root.includes('composer.json')) return null;
  const manifest = parseObject((await read('composer.json')) ?? '');
  const scripts = manifest?.['scripts'];
  const keys = ['composer.json', ...(root.includes('composer.lock') ? ['composer.lock'] : [])];
  const hasScript = isObject(scripts) && 'test' in scripts;
  const hasUnit = ['phpunit.xml', 'phpunit.xml.dist'].some((name) => root.includes(name));
  const gate = hasScript ? 'composer test' : hasUnit ? 'vendor/bin/phpunit' : null;
  return {
    ecosystem: 'php',
    from: keys,
    setup: [{ name: 'install-php', command: 'composer install --no-interaction', keys }],
    gates: gate === null ? [] : [{ name: 'test', command: gate }],
  };
}

function elixir({ root }: Repository): Promise<Proposal | null> {
  if (!root.includes('mix.exs')) return nothing();
  const keys = ['mix.exs', ...(root.includes('mix.lock') ? ['mix.lock'] : [])];
  return Promise.resolve({
    ecosystem: 'elixir',
    from: keys,
    setup: [{ name: 'install-elixir', command: 'mix deps.get', keys }],
    gates: [{ name: 'test', command: 'mix test' }],
  });
}

function dotnet({ root }: Repository): Promise<Proposal | null> {
  const file = root.find((name) => /\.(?:sln|slnx|csproj|fsproj)$/.test(name));
  if (file === undefined) return nothing();
  return Promise.resolve({
    ecosystem: 'dotnet',
    from: [file],
    setup: [],
    gates: [{ name: 'test', command: 'dotnet test' }],
  });
}

async function deno({ root, read }: Repository): Promise<Proposal | null> {
  const file = ['deno.json', 'deno.jsonc'].find((name) => root.includes(name));
  if (file === undefined) return null;
  const tasks = parseObject((await read(file)) ?? '')?.['tasks'];
  const hasTask = isObject(tasks) && 'test' in tasks;
  return {
    ecosystem: 'deno',
    from: [file],
    setup: [],
    gates: hasTask ? [{ name: 'test', command: 'deno task test' }] : [],
  };
}

async function make({ root, read }: Repository): Promise<Proposal | null> {
  const file = ['GNUmakefile', 'makefile', 'Makefile'].find((name) => root.includes(name));
  if (file === undefined) return null;
  // `test := x` is a variable, `test:` and `lint test: dep` are targets.
  const isTarget = /^(?:[\w.-]+ +)*test(?: +[\w.-]+)* *::?(?!=)/m.test((await read(file)) ?? '');
  if (!isTarget) return null;
  return {
    ecosystem: 'make',
    from: [file],
    setup: [],
    gates: [{ name: 'test', command: 'make test' }],
  };
}

function nothing(): Promise<null> {
  return Promise.resolve(null);
}
