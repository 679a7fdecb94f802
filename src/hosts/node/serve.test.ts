/** A host's starts and stops from inside: what a stop does to a start that cannot end by itself. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ok } from '../../core/result.ts';
import { NodeHost, Stopped, type HostOptions, type HostRunner } from './serve.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gastown-host-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const home = (): string => join(root, 'home');
const log = (): string => readFileSync(join(home(), 'logs', 'server.log'), 'utf8');

function hostWith(runner: Pick<HostRunner, 'start' | 'stop'>): NodeHost {
  const nothing = async () => ok(undefined);
  const options: HostOptions = {
    home: home(),
    port: 0,
    version: '0',
    product: root,
    personHome: root,
    env: {},
    searchPath: [],
    cores: 1,
    pid: process.pid,
    node: process.execPath,
    platform: process.platform,
    makeRunner: async () => ({
      startAttempt: nothing,
      stopAttempt: nothing,
      startJob: nothing,
      cancelJob: nothing,
      list: nothing,
      read: async () => {
        throw new Error('nothing to read');
      },
      ...runner,
    }),
  };
  return new NodeHost(options);
}

function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

test('a stop ends a start that waits for the runner, as on a disk that filled up', async () => {
  const told = gate();
  const begun = gate();
  const host = hostWith({
    start: () => {
      begun.open();
      return told.opened;
    },
    stop: async () => told.open(),
  });
  const started = host.start().catch((error: unknown) => error);
  await begun.opened;
  await host.stop();
  expect(await started).toBeInstanceOf(Stopped);
});

test('a start that waits is ended over the API as well', async () => {
  const told = gate();
  const begun = gate();
  const host = hostWith({
    start: () => {
      begun.open();
      return told.opened;
    },
    stop: async () => told.open(),
  });
  const started = host.start().catch((error: unknown) => error);
  await begun.opened;
  const { url } = JSON.parse(readFileSync(join(home(), 'server.json'), 'utf8'));
  const token = readFileSync(join(home(), 'token'), 'utf8').trim();
  const ask = (path: string, method: string): Promise<Response> => {
    const headers = { authorization: `Bearer ${token}` };
    return fetch(`${url}/api/v1/towns/local/${path}`, { method, headers });
  };
  expect((await ask('status', 'GET')).status).toBe(503);
  expect((await ask('shutdown', 'POST')).status).toBe(202);
  expect(await started).toBeInstanceOf(Stopped);
});

test('a start that fails writes down where, and says what', async () => {
  const host = hostWith({
    start: async () => {
      throw new TypeError('the runner broke');
    },
    stop: async () => undefined,
  });
  await expect(host.start()).rejects.toThrow('the runner broke');
  expect(log()).toMatch(/start_failed.*serve\.test\.ts/);
});

test('what nobody caught is written down, and the town stops', async () => {
  const host = hostWith({ start: async () => undefined, stop: async () => undefined });
  await host.start();
  await host.failed(new TypeError('out of nowhere'));
  expect(log()).toMatch(/uncaught.*out of nowhere[^]*stopped/);
});
