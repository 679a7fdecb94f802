/** What the listener answers by itself, before there is an application or when there is none. */
import { expect, test } from 'vitest';
import { listen } from './http-listener.ts';

test('an application that cannot be loaded is told of as a problem; health goes on', async () => {
  const logged: string[] = [];
  const listening = await listen({
    port: 0,
    health: () => ({ ready: true, phase: 'ready', version: '0', pid: 1 }),
    access: () => ({ hosts: [new URL(listening.url).host], token: 'x' }),
    app: () => Promise.reject(new Error('no such module')),
    error: (event) => logged.push(event),
  });
  try {
    const answer = await fetch(`${listening.url}/api/v1/towns/local/status`);
    expect(answer.status).toBe(500);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({
      kind: 'internal_error',
      evidence: 'Error: no such module',
    });
    expect(logged).toEqual(['app_not_loaded']);
    expect((await fetch(`${listening.url}/health`)).status).toBe(200);
  } finally {
    await listening.close();
  }
});

test('a connection that is kept open after its answer does not hold up the end', async () => {
  let answer = (): void => {};
  const asked = new Promise<void>((seen) => {
    answer = seen;
  });
  let finish = (): void => {};
  const listening = await listen({
    port: 0,
    health: () => ({ ready: true, phase: 'ready', version: '0', pid: 1 }),
    access: () => ({ hosts: [], token: 'x' }),
    app: async () => (_, response) => {
      finish = () => response.end('{}');
      answer();
    },
    error: () => {},
  });
  const answered = fetch(listening.url, { method: 'POST' });
  await asked;
  const began = performance.now();
  const closed = listening.close();
  finish();
  expect(await (await answered).text()).toBe('{}');
  await closed;
  expect(performance.now() - began).toBeLessThan(1500); // less than its patience with requests
});
