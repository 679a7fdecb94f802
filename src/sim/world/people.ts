/**
 * The people of a world. While faults last they ask for anything at any time; once the world is
 * healed they answer what waits for them, until nothing does.
 *
 * E1 Every command has an idempotency key, and a person who got no answer repeats it with that key,
 *    for as long as the town remembers keys: who comes back later looks first.
 * E2 People look at the rows, as a user looks at `gt status`; they know nothing else.
 */
import type { Bead } from '../../core/bead.ts';
import type { Command, CommandAnswer } from '../../core/command.ts';
import type { Failure } from '../../core/failure.ts';
import { limits } from '../../core/limits.ts';
import type { Result } from '../../core/result.ts';
import type { Instant } from '../../core/time.ts';
import type { SeededRandom } from './random.ts';
import type { World } from './world.ts';

export interface Slung {
  readonly title: string;
  readonly id: string;
}

interface Asked {
  readonly command: Command;
  readonly key: string;
  readonly at: Instant;
}

/** What people were told about what others did on the forge. */
export interface Told {
  readonly command: Extract<Command, { readonly kind: 'mr_adopt' | 'mr_supersede' }>;
  readonly answer: Result<CommandAnswer, Failure>;
}

type Wish = (people: People) => Command | null;

export class People {
  readonly world: World;
  readonly random: SeededRandom;
  /** Which issue a bead is about: a stream of its own, so that all else stays what it was. */
  readonly issues: SeededRandom;
  /** Which bead says what another one says: the same. */
  readonly echoes: SeededRandom;
  /** What was accepted. */
  readonly slung: Slung[] = [];
  readonly told: Told[] = [];
  #unanswered: Asked[] = [];
  /** Commands so far. */
  keys = 0;
  #furnished = 0;

  constructor(world: World) {
    this.world = world;
    this.random = world.stream('people');
    this.issues = world.stream('issues');
    this.echoes = world.stream('echoes');
  }

  /** Rigs and settings, before anything else; repeated until the town has them. */
  furnish(): void {
    const rig = this.world.options.rigs[this.#furnished];
    if (rig === undefined) return;
    this.ask({
      kind: 'rig_add',
      name: rig.name,
      prefix: null,
      remote: `https://git.example/${rig.name}.git`,
      lends: null,
      forge: this.world.forge.projectOf(rig.name),
      target: 'main',
      updateCheckout: false,
      createTargetFrom: null,
      consent: true,
      report: null,
    });
    this.ask({ kind: 'settings_set', rig: rig.name, set: rig.settings, unset: [] });
    this.#furnished += 1;
    this.furnish();
    if (this.#furnished < this.world.options.rigs.length) return;
    this.world.forgePeople.furnish();
    this.ask({ kind: 'settings_set', rig: null, set: this.world.options.town, unset: [] });
    for (let i = 0; i < this.world.options.firstBeads; i += 1) {
      const command = sling(this);
      if (command !== null) this.ask(command);
    }
  }

  /** Now and then about an issue that others are about, too. */
  words(otherwise: string): string {
    return this.issues.chance(200) ? `Fixes #${this.issues.between(1, 3)}` : otherwise;
  }

  /** Now and then what was said before, in letters that nobody used: titles tell beads apart. */
  title(otherwise: string): string {
    if (!this.echoes.chance(80) || this.slung.length === 0) return otherwise;
    return `${this.echoes.pick(this.slung).title.toUpperCase()}${'!'.repeat((this.keys % 40) + 1)}`;
  }

  /** Any command, sensible or not. */
  act(): void {
    if (this.repeat()) return;
    const wish = this.random.weighted([['sling', 30], ...meddling]);
    const command = wishes[wish](this);
    if (command !== null) this.ask(command);
  }

  /** Repeats what got no answer. E1 */
  repeat(): boolean {
    const asked = this.#unanswered.shift();
    if (asked === undefined) return false;
    const isForgotten = this.world.time.wall() - asked.at > limits.idempotencyMs;
    if (!isForgotten || asked.command.kind !== 'sling') this.#send(asked); // E1
    return true;
  }

  get waiting(): boolean {
    return this.#unanswered.length > 0;
  }

  /** null: no answer came, and it is asked again. */
  ask(command: Command): Result<CommandAnswer, Failure> | null {
    this.keys += 1;
    return this.#send({ command, key: `key-${this.keys}`, at: this.world.time.wall() });
  }

  anyBead(): Bead | null {
    const { beads } = this.world.rows.read();
    return beads.length === 0 ? null : this.random.pick(beads);
  }

  #send(asked: Asked): Result<CommandAnswer, Failure> | null {
    const { command } = asked;
    const reached = this.world.server.command(command, 'person:ann', asked.key);
    if (reached.is !== 'answered') {
      // In order: what was asked first is asked again first.
      this.#unanswered.push(asked);
      return null;
    }
    const answer = reached.value;
    if (command.kind === 'mr_adopt' || command.kind === 'mr_supersede') {
      this.told.push({ command, answer });
    }
    if (answer.ok && command.kind === 'rig_move') this.world.outsiders.moved(command);
    if (answer.ok && command.kind === 'sling') {
      this.slung.push({ title: command.title, id: answer.value.id });
    }
    return answer;
  }
}

type WishName = keyof typeof wishes;

function ofBead(make: (bead: Bead, people: People) => Command | null): Wish {
  return (people) => {
    const bead = people.anyBead();
    return bead === null ? null : make(bead, people);
  };
}

const wishes = {
  sling,
  hold: ofBead((bead) => ({ kind: 'bead_hold', bead: bead.id })),
  release: ofBead((bead) => ({ kind: 'bead_release', bead: bead.id })),
  stop: ofBead((bead) => ({ kind: 'bead_stop', bead: bead.id, reason: 'wrong way' })),
  close: ofBead((bead, { random }) => ({
    kind: 'bead_close',
    bead: bead.id,
    resolution: random.pick(['dropped', 'no_change'] as const),
    reason: 'not needed',
  })),
  retry: ofBead((bead) => ({ kind: 'bead_retry', bead: bead.id, note: null })),
  revert: ofBead((bead) => ({ kind: 'bead_revert', bead: bead.id })),
  edit: ofBead((bead, people) => ({
    kind: 'bead_edit',
    bead: bead.id,
    edit: people.random.chance(500)
      ? { priority: people.random.pick([0, 1, 2, 3, 4] as const) }
      : { body: people.words('x') },
  })),
  depend: ofBead((bead, people) => {
    const other = people.anyBead();
    if (other === null) return null;
    const add = people.random.chance(500);
    const names = [other.id];
    return { kind: 'bead_depend', bead: bead.id, add: add ? names : [], remove: add ? [] : names };
  }),
  pause: ({ random }: People): Command => ({ kind: 'pause', halt: random.chance(400) }),
  resume: (): Command => ({ kind: 'resume' }),
  decide,
  settings,
  probe: (people: People): Command => ({ kind: 'rig_probe', rig: anyRig(people) }),
  park: (people: People): Command => ({
    kind: 'rig_park',
    rig: anyRig(people),
    park: people.random.chance(400),
  }),
  agentStop: (people: People): Command | null => {
    const { liveAttempts } = people.world.rows.read();
    if (liveAttempts.length === 0) return null;
    const attempt = people.random.pick(liveAttempts);
    return { kind: 'agent_stop', attempt: attempt.id, reason: 'enough' };
  },
  acknowledge: (people: People): Command | null => {
    const { openEscalations } = people.world.rows.read();
    if (openEscalations.length === 0) return null;
    return { kind: 'escalation_ack', escalation: people.random.pick(openEscalations).id };
  },
  resolve: (people: People): Command | null => {
    const { openEscalations } = people.world.rows.read();
    if (openEscalations.length === 0) return null;
    const escalation = people.random.pick(openEscalations).id;
    return { kind: 'escalation_resolve', escalation, answer: 'left' };
  },
  breaker: (): Command => ({ kind: 'breaker_reset' }),
} satisfies Record<string, Wish>;

const meddling: readonly (readonly [WishName, number])[] = [
  ['hold', 4],
  ['release', 7],
  ['stop', 2],
  ['close', 1],
  ['retry', 3],
  ['revert', 1],
  ['edit', 2],
  ['depend', 3],
  ['pause', 1],
  ['resume', 4],
  ['decide', 6],
  ['settings', 2],
  ['probe', 3],
  ['park', 2],
  ['agentStop', 1],
  ['acknowledge', 1],
  ['resolve', 4],
  ['breaker', 1],
];

function sling(people: People): Command | null {
  const { world, random } = people;
  const { beads } = world.rows.read();
  if (beads.length >= world.options.beads) return null;
  const waits = random.chance(world.options.dependencies) && beads.length > 0;
  return {
    kind: 'sling',
    rig: anyRig(people),
    title: people.title(`task ${random.token(8)}`),
    body: people.words(''),
    after: waits ? [random.pick(beads).id] : [],
    priority: random.pick([1, 2, 2, 3] as const),
    hold: random.chance(80),
    agent: null,
    model: null,
  };
}

function decide(people: People): Command | null {
  const { liveRequests } = people.world.rows.read();
  if (liveRequests.length === 0) return null;
  return {
    kind: 'mr_decide',
    mergeRequest: people.random.pick(liveRequests).id,
    verdict: people.random.chance(750) ? 'approve' : 'reject',
    reason: 'as I see it',
  };
}

function settings(people: People): Command {
  const { random } = people;
  const rig = random.chance(500) ? anyRig(people) : null;
  const set = random.pick([
    { approval: 'person' as const },
    { approval: 'none' as const },
    { maxPolecatsPerRig: random.pick([1, 2, 4]) },
    { mergeMethod: random.pick(['merge', 'squash', 'rebase'] as const) },
    { maxDispatchAttempts: random.pick([1, 2, 5]) },
    { maxFeedbackRounds: random.pick([1, 3]) },
    { gateFreshness: random.pick(['exact', 'clean_merge'] as const) },
    { 'budget.bead.tokens': random.between(3_000, 40_000) },
  ]);
  return { kind: 'settings_set', rig, set, unset: [] };
}

function anyRig(people: People): string {
  return people.random.pick(people.world.options.rigs).name;
}
