/**
 * Webhooks: what happened, told to whoever asked for it, signed as each provider signs.
 *
 * W1 A delivery is a hint that may be lost, doubled, late or out of order: the switches do each of
 *    these on purpose. W2 Nothing waits for a delivery but `idle`, which tests use.
 */
import { createHmac } from 'node:crypto';
import { hookBodies, type HookMessage } from './hook-bodies.ts';
import type { ForgeProvider } from './model.ts';
import type { Repo } from './repo.ts';
import type { ForgeEvent, World } from './world.ts';

/** As long as GitHub waits for an answer. */
const ANSWER_MS_MAX = 10_000;

export interface HookSpec {
  readonly url: string;
  readonly secret: string;
  readonly provider?: ForgeProvider;
  /** GitLab: the plain token, or the signed form. */
  readonly signing?: 'token' | 'signed';
}

interface Hook extends Required<HookSpec> {
  readonly id: number;
  readonly repo: Repo;
}

export interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly action: string;
  readonly url: string;
  /** null: it was lost on purpose, or nobody answered. */
  readonly status: number | null;
  readonly at: number;
}

interface Parcel {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly event: string;
  readonly action: string;
  readonly id: string;
}

export class Webhooks {
  readonly deliveries: Delivery[] = [];
  readonly #world: World;
  readonly #base: () => string;
  readonly #hooks: Hook[] = [];
  readonly #underway = new Set<Promise<void>>();
  readonly #faults: { lose: number; double: number; held: Parcel[] | null } = {
    lose: 0,
    double: 0,
    held: null,
  };

  constructor(world: World, base: () => string) {
    this.#world = world;
    this.#base = base;
    world.listeners.push((event) => this.#tell(event));
  }

  add(repo: Repo, spec: HookSpec): void {
    const { provider = 'github', signing = 'token' } = spec;
    this.#hooks.push({ ...spec, provider, signing, id: this.#world.id(), repo });
  }

  /** The next so many get lost. */
  lose(times: number): void {
    this.#faults.lose = times;
  }

  /** The next so many arrive twice, with the same id. */
  double(times: number): void {
    this.#faults.double = times;
  }

  /** From now on nothing leaves, until `release`. */
  hold(): void {
    this.#faults.held ??= [];
  }

  release(order: 'as_held' | 'reversed' = 'as_held'): void {
    const held = this.#faults.held ?? [];
    this.#faults.held = null;
    for (const parcel of order === 'reversed' ? [...held].reverse() : held) this.#send(parcel);
  }

  /** Sends an event that never happened, or the right one signed with another secret. */
  forge(url: string, message: HookMessage, provider: ForgeProvider, secret: string): void {
    this.#send(this.#parcel(message, { url, secret, provider, signing: 'token', id: 0 }));
  }

  async idle(): Promise<void> {
    while (this.#underway.size > 0) await Promise.all(this.#underway);
  }

  #tell(event: ForgeEvent): void {
    for (const hook of this.#hooks.filter(({ repo }) => repo === event.repo)) {
      const run = this.#prepare(event, hook).finally(() => this.#underway.delete(run));
      this.#underway.add(run);
    }
  }

  async #prepare(event: ForgeEvent, hook: Hook): Promise<void> {
    const message = hookBodies[hook.provider](event, this.#base());
    if (message === null) return;
    const parcel = this.#parcel(message, hook);
    if (this.#faults.lose > 0) {
      this.#faults.lose -= 1;
      this.#note(parcel, null);
      return;
    }
    if (this.#faults.held !== null) {
      this.#faults.held.push(parcel);
      return;
    }
    this.#send(parcel);
    if (this.#faults.double === 0) return;
    this.#faults.double -= 1;
    this.#send(parcel);
  }

  #parcel(message: HookMessage, hook: Omit<Hook, 'repo'>): Parcel {
    const body = JSON.stringify(message.body);
    const id = `delivery-${this.#world.id()}`;
    const headers = signed(message, hook, { body, id, now: this.#world.now() });
    const { event, action } = message;
    return { url: hook.url, headers, body, event, action, id };
  }

  #send(parcel: Parcel): void {
    const run = this.#deliver(parcel).finally(() => this.#underway.delete(run));
    this.#underway.add(run);
  }

  async #deliver(parcel: Parcel): Promise<void> {
    const { url, headers, body } = parcel;
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers,
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      await answer.arrayBuffer();
      this.#note(parcel, answer.status);
    } catch {
      this.#note(parcel, null); // nobody listens: as on a real forge, it is not sent again
    }
  }

  #note({ id, event, action, url }: Parcel, status: number | null): void {
    this.deliveries.push({ id, event, action, url, status, at: this.#world.now() });
  }
}

function signed(
  message: HookMessage,
  hook: Omit<Hook, 'repo'>,
  of: { body: string; id: string; now: number },
): Record<string, string> {
  const hex = createHmac('sha256', hook.secret).update(of.body).digest('hex');
  const common = { 'content-type': 'application/json' };
  if (hook.provider === 'github') {
    return {
      ...common,
      'user-agent': 'GitHub-Hookshot/devforge',
      'x-github-event': message.event,
      'x-github-delivery': of.id,
      'x-github-hook-id': String(hook.id),
      'x-hub-signature-256': `sha256=${hex}`,
    };
  }
  if (hook.provider === 'gitea') {
    return {
      ...common,
      'x-gitea-event': message.event,
      'x-gitea-delivery': of.id,
      'x-gitea-signature': hex,
      'x-forgejo-signature': hex,
    };
  }
  const stamp = String(Math.floor(of.now / 1000));
  const content = `${of.id}.${stamp}.${of.body}`;
  const mac = createHmac('sha256', hook.secret).update(content).digest('base64');
  const proof: Record<string, string> =
    hook.signing === 'token'
      ? { 'x-gitlab-token': hook.secret }
      : { 'webhook-id': of.id, 'webhook-timestamp': stamp, 'webhook-signature': `v1,${mac}` };
  return {
    ...common,
    'x-gitlab-event': message.event,
    'x-gitlab-event-uuid': of.id,
    'idempotency-key': of.id,
    ...proof,
  };
}
