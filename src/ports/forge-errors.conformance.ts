/**
 * Failing to read: what every adapter must answer, each cause by its own name, and what it must
 * not send while it fails.
 */
import { createServer } from 'node:http';
import { expect } from 'vitest';
import type { Fault } from '../devforge/faults.ts';
import type { Cases, Scene } from './forge.conformance.ts';

export function errorCases(cases: Cases): void {
  credentials(cases);
  hidden(cases);
  throttling(cases);
  answers(cases);
  network(cases);
}

function falls(scene: Scene, fault: Fault): void {
  scene.world.served.faults.add({ fault, times: 1000 });
}

function requests(scene: Scene): number {
  return scene.world.served.log.entries.length;
}

function credentials({ check, checkIf }: Cases): void {
  check('asks nobody without a credential', async (scene) => {
    const pull = await scene.pull('gt/a');
    const before = requests(scene);
    const error = await scene.error(pull, scene.world.port(null));
    expect(error.kind).toBe('no_token');
    expect(requests(scene)).toBe(before);
  });

  check('knows a bad token', async (scene) => {
    const pull = await scene.pull('gt/a');
    const error = await scene.error(pull, scene.world.port('ghp_unknown'));
    expect(error).toMatchObject({
      kind: 'http_error',
      status: 401,
      reason: 'unauthenticated',
      transient: false,
    });
    expect(JSON.stringify(error)).not.toContain('ghp_unknown');
  });

  checkIf('permissions')(
    'knows a missing permission',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      const weak = scene.world.port(scene.world.weakToken('ann', 'pull_requests'));
      expect(await scene.error(pull, weak)).toMatchObject({
        kind: 'http_error',
        reason: 'forbidden',
        transient: false,
      });
    },
    { private: true },
  );

  checkIf('sso')(
    'knows that single sign-on is asked for',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      const token = scene.world.served.addToken('ann');
      token.ssoRequired = true;
      const error = await scene.error(pull, scene.world.port(token.secret));
      expect(error).toMatchObject({ kind: 'http_error', reason: 'sso_required' });
      expect(error).toHaveProperty('ssoUrl', expect.stringContaining('/orgs/'));
    },
    { private: true },
  );
}

function hidden({ check }: Cases): void {
  check(
    'says of a hidden repository that it is hidden too',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      const stranger = scene.world.port(scene.world.served.addToken('mal').secret);
      expect(await scene.error(pull, stranger)).toMatchObject({
        kind: 'http_error',
        status: 404,
        reason: 'not_found_or_hidden',
        repository: 'hidden_too',
      });
    },
    { private: true },
  );

  check('says of a pull request that is not there that its repository is', async (scene) => {
    const target = { ...scene.ref(await scene.pull('gt/a')), number: 99 };
    const [outcome] = await scene.port.checkPRStatuses(scene.context, [target]);
    expect(outcome).toMatchObject({
      ok: false,
      error: { status: 404, reason: 'not_found_or_hidden', repository: 'visible' },
    });
  });

  check('gives one that was opened a moment ago time to appear', async (scene) => {
    const target = { ...scene.ref(await scene.pull('gt/a')), number: 99, createdAt: scene.now() };
    const early = await scene.port.checkPRStatuses(scene.context, [target]);
    expect(early[0]).toMatchObject({ ok: false, error: { kind: 'not_yet' } });
    scene.world.clock.pass(121_000);
    const late = await scene.port.checkPRStatuses(scene.context, [target]);
    expect(late[0]).toMatchObject({ ok: false, error: { kind: 'http_error' } });
  });
}

function throttling({ check, checkIf }: Cases): void {
  checkIf('primary_limit')(
    'waits for a budget that is used up, and asks nothing',
    async (scene) => {
      const pull = await scene.pull('gt/a');
      falls(scene, { kind: 'primary', status: 403, resetInMs: 600_000 });
      const error = await scene.error(pull);
      expect(error).toMatchObject({ kind: 'throttled', scope: 'primary' });
      const retryAt = error.kind === 'throttled' ? error.retryAt : 0;
      expect(retryAt - scene.now()).toBeGreaterThan(590_000);
      expect(retryAt - scene.now()).toBeLessThan(610_000);
      const before = requests(scene);
      expect((await scene.error(pull)).kind).toBe('throttled');
      expect(requests(scene)).toBe(before);
      scene.world.served.faults.clear();
      scene.world.clock.pass(611_000);
      expect((await scene.outcome(pull)).ok).toBe(true);
    },
  );

  check('keeps the pause that a secondary limit asks for', async (scene) => {
    const pull = await scene.pull('gt/a');
    falls(scene, { kind: 'secondary', status: 429, retryAfterSeconds: 90 });
    const error = await scene.error(pull);
    expect(error).toMatchObject({ kind: 'throttled', scope: 'secondary' });
    expect(error.kind === 'throttled' ? error.retryAt - scene.now() : 0).toBe(90_000);
  });

  check('pauses for a minute where a secondary limit names no time', async (scene) => {
    const pull = await scene.pull('gt/a');
    falls(scene, { kind: 'secondary', status: 403 });
    const error = await scene.error(pull);
    expect(error).toMatchObject({ kind: 'throttled', scope: 'secondary' });
    expect(error.kind === 'throttled' ? error.retryAt - scene.now() : 0).toBe(60_000);
  });

  checkIf('primary_limit')('is not led astray by a clock that is wrong', async (scene) => {
    const pull = await scene.pull('gt/a');
    scene.world.served.faults.add({ fault: { kind: 'clock', skewMs: 86_400_000 }, times: 1000 });
    expect((await scene.outcome(pull)).ok).toBe(true);
    expect((await scene.outcome(pull)).ok).toBe(true);
  });
}

function answers({ check }: Cases): void {
  const cases: readonly (readonly [string, Fault, object])[] = [
    ['a server error', { kind: 'status', status: 503 }, { transient: true, status: 503 }],
    ['a page of a proxy', { kind: 'html', status: 200 }, { reason: 'html' }],
    ['a bad gateway', { kind: 'html', status: 502 }, { transient: true, reason: 'server_error' }],
    ['half an answer', { kind: 'truncate' }, { reason: 'json_parse' }],
    ['null', { kind: 'body', text: 'null' }, { reason: 'schema_mismatch' }],
    ['a number', { kind: 'body', text: '42' }, { reason: 'schema_mismatch' }],
    ['something else', { kind: 'body', text: '{"a":1}' }, { reason: 'schema_mismatch' }],
    ['nothing at all', { kind: 'body', text: '' }, { reason: 'json_parse' }],
    ['far too much', { kind: 'big', bytes: 6_000_000 }, { reason: 'too_large' }],
    ['fields of other types', { kind: 'malformed' }, { kind: 'invalid_response' }],
  ];
  for (const [what, fault, error] of cases) {
    check(`knows ${what} for what it is`, async (scene) => {
      const pull = await scene.pull('gt/a');
      falls(scene, fault);
      expect(await scene.error(pull)).toMatchObject(error);
    });
  }

  check('asks a forge that is down only a few times', async (scene) => {
    const pulls = [];
    for (let n = 0; n < 25; n += 1) pulls.push(await scene.pull(`gt/${n}`));
    falls(scene, { kind: 'status', status: 502 });
    const before = requests(scene);
    const targets = pulls.map((pull) => scene.ref(pull));
    const outcomes = await scene.port.checkPRStatuses(scene.context, targets);
    expect(outcomes.map((one) => one.ok)).toEqual(targets.map(() => false));
    expect(requests(scene) - before).toBeLessThan(8);
  });
}

function network({ check }: Cases): void {
  check('gives up on a forge that does not answer', async (scene) => {
    const pull = await scene.pull('gt/a');
    falls(scene, { kind: 'stall' });
    scene.world.patience(150);
    const error = await scene.error(pull);
    expect(error).toMatchObject({ kind: 'network_error', cause: 'timeout' });
  });

  check('knows a connection that was cut', async (scene) => {
    const pull = await scene.pull('gt/a');
    falls(scene, { kind: 'reset' });
    expect(await scene.error(pull)).toMatchObject({ kind: 'network_error', cause: 'reset' });
  });

  check('leaves a loop of redirects', async (scene) => {
    const pull = await scene.pull('gt/a');
    falls(scene, { kind: 'redirect_loop' });
    const before = requests(scene);
    expect(await scene.error(pull)).toMatchObject({ reason: 'redirect' });
    expect(requests(scene) - before).toBeLessThan(12);
  });

  check('follows nobody to another origin', async (scene) => {
    const pull = await scene.pull('gt/a');
    const seen: string[] = [];
    const other = createServer((req, res) => {
      seen.push(req.url ?? '');
      res.end('{}');
    });
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    falls(scene, { kind: 'cross_origin', to: `http://127.0.0.1:${port}/catch` });
    try {
      expect(await scene.error(pull)).toMatchObject({ reason: 'redirect' });
      const marked = { do: 'comment', marker: '<!-- m -->', body: 'hello' } as const;
      expect((await scene.port.write(scene.context, scene.ref(pull), marked)).ok).toBe(false);
      expect(seen).toEqual([]);
    } finally {
      await new Promise((done) => other.close(done));
    }
  });

  check('says of no other verb that it was done', async (scene) => {
    const pull = await scene.pull('gt/a');
    falls(scene, { kind: 'status', status: 500 });
    const { port, context } = scene;
    const target = scene.ref(pull);
    const transient = { ok: false, error: { kind: 'http_error', transient: true } };
    expect(await port.feedback(context, target)).toMatchObject(transient);
    expect(await port.probe(context)).toMatchObject(transient);
    expect(await port.write(context, target, { do: 'close' })).toMatchObject(transient);
    expect(pull.state).toBe('open');
  });
}
