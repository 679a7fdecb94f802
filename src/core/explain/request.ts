/**
 * Words for what a person asked and cannot have; nothing was changed by asking. Pure;
 * `explain.ts` is the door to it.
 */
import { isSettingKey, settingDefinitions } from '../setting-definitions.ts';
import {
  known,
  lines,
  listed,
  named,
  number,
  quoted,
  setting,
  type About,
  type Says,
} from './words.ts';

type Kinds =
  | 'unknown_thing'
  | 'bad_value'
  | 'name_taken'
  | 'too_large'
  | 'cycle'
  | 'not_now'
  | 'settings_conflict'
  | 'rig_busy'
  | 'pulls_elsewhere'
  | 'rig_in_use'
  | 'key_reused';

export const requestWords: Says<Kinds> = {
  unknown_thing: ({ thing, name, near }) => ({
    what: `There is ${none(thing)} called ${quoted(name, 80)}.`,
    evidence: near.length === 0 ? 'No name that is there is like it.' : `Similar: ${listed(near)}`,
    next: `See what there is: ${listing(thing)}`,
  }),
  bad_value: ({ field, given, expected }, about) => ({
    what:
      given === SECRET
        ? `The ${named(field)} cannot be used.`
        : `The value of ${named(field)} cannot be ${quoted(given)}.`,
    evidence: `Expected: ${expected}`,
    next: valueNext(field, expected, about),
  }),
  name_taken: ({ thing, name, by }) => ({
    what: `The ${named(thing)} ${quoted(name, 80)} is taken.`,
    evidence: `By: ${named(by)}`,
    next: 'Choose another one',
  }),
  too_large: ({ field, bytes, max }) => ({
    what: `The ${named(field)} is too large.`,
    evidence: `It has ${number(bytes)} bytes; at most ${number(max)} fit.`,
    next: 'Shorten it, and put long material into a file of the repository',
  }),
  cycle: ({ beads }) => ({
    what: 'These beads would wait for each other for ever.',
    evidence: beads.map(named).join(' → '),
    next: cycleNext(beads),
  }),
  not_now: ({ command, name, status, allowed }) => ({
    what: `“${words(command)}” is not possible now: ${named(name)} is ${words(status)}.`,
    evidence: allowed.length === 0 ? '' : `Possible when it is: ${allowed.map(words).join(', ')}`,
    next: `See what it is doing: gt why ${named(name)}`,
  }),
  settings_conflict: ({ keys, why }, { rig }) => ({
    what: `${keys.map(named).join(' and ')} cannot be set like this: ${named(why)}.`,
    evidence: 'No setting was changed.',
    next:
      `See what is in force: gt config get ${named(keys[0] ?? '')}` +
      (known(rig) ? ` --rig ${rig}` : ''),
  }),
  rig_busy: ({ rig, beads }) => ({
    what: `Work is under way on the rig ${named(rig)}, so it cannot be moved now.`,
    evidence: listed(beads),
    next: `Let it come to rest, then move it: gt rig park ${named(rig)}`,
  }),
  pulls_elsewhere: ({ rig, pulls, may }) => ({
    what: `Pull requests of the rig ${named(rig)} are not where it would move to.`,
    evidence: lines(pulls.map(({ bead, url }) => `${bead}  ${url}`)),
    next:
      may === 'be_left'
        ? 'Merge or close them there, or let their beads begin anew: --leave-pulls'
        : `Settle them first, beginning with: gt bead close ${named(pulls[0]?.bead ?? '<bead>')}`,
  }),
  rig_in_use: ({ rig, beads }) => ({
    what: `The rig ${named(rig)} still has beads that are not closed.`,
    evidence: listed(beads),
    next: `Close them, beginning with: gt bead close ${named(beads[0] ?? '<bead>')}`,
  }),
  key_reused: ({ key }) => ({
    what: 'This idempotency key belongs to another command.',
    evidence: `The key is ${quoted(key, 80)}.`,
    next: 'Send the command with a new key',
  }),
};

/** A `thing` is what nobody said the kind of: `gt why web-77`. */
function none(thing: string): string {
  return thing === 'thing' ? 'nothing' : `no ${named(thing)}`;
}

/** `bead_retry` → `bead retry` */
function words(name: string): string {
  return named(name).replaceAll('_', ' ');
}

const LISTS: Readonly<Record<string, string>> = {
  rig: 'gt rig list',
  bead: 'gt bead list --all',
  attempt: 'gt agent list --all',
  agent: 'gt doctor',
  'merge request': 'gt mr list --all',
  escalation: 'gt escalation list --all',
  setting: 'gt config list',
};

function listing(thing: string): string {
  return LISTS[thing.replaceAll('_', ' ')] ?? 'gt status';
}

/** What stands for a secret, so that it is not shown. */
const SECRET = '‹secret›';

/** A setting comes with an example; `gates[0].retries` is part of one. */
function valueNext(field: string, expected: string, about: About): string {
  const key = field.replace(/\[.*$/, '');
  if (isSettingKey(key)) {
    return `Such as: ${setting(key, settingDefinitions[key].example, about)}`;
  }
  const [, command] = /: (gt .+)$/.exec(expected) ?? [];
  return command === undefined ? `Give ${expected}` : `Make it known: ${command}`;
}

/** The first step of the circle is the one that was refused; the second is already there. */
function cycleNext(beads: readonly string[]): string {
  const [, first, second] = beads;
  return first === undefined || second === undefined
    ? 'Name another bead: none can wait for itself'
    : `Take one away first: gt bead depend ${named(first)} --not-on ${named(second)}`;
}
