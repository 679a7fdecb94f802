/** What a bead is shown to wait for, where a neighbour knows better than its row. */
import { expect, test } from 'vitest';
import { beadWith, rigWith, townWith } from '../../test/fixtures/views.ts';
import type { BeadStatus } from '../core/bead.ts';
import type { RigStatus } from '../core/rig.ts';
import type { Town } from '../core/town.ts';
import type { Wait, WaitReason } from '../core/wait.ts';
import { waitsInForce } from './bead-waits.ts';

const waiting = (reason: WaitReason): readonly Wait[] => [{ reason, on: [], detail: {} }];

test.each<[BeadStatus, WaitReason, Town['status'], RigStatus, WaitReason]>([
  ['open', 'slot', 'running', 'ready', 'slot'],
  ['open', 'slot', 'paused', 'ready', 'paused'],
  ['open', 'slot', 'running', 'parked', 'setup'],
  ['open', 'slot', 'running', 'unready', 'setup'],
  ['open', 'slot', 'halted', 'parked', 'paused'],
  ['open', 'paused', 'running', 'ready', 'slot'],
  ['open', 'setup', 'running', 'ready', 'slot'],
  ['blocked', 'blocked', 'paused', 'parked', 'blocked'],
  ['in_review', 'queue', 'running', 'ready', 'human'],
])(
  '%s with a wait for %s in a %s town on a %s rig waits for %s',
  (status, own, town, rig, shown) => {
    const bead = beadWith({ status, ready: status === 'open', waits: waiting(own) });
    const request = { waits: waiting('human') };
    const scene = { town: townWith({ status: town }), rig: rigWith({ status: rig }), request };
    expect(waitsInForce(bead, scene).map(({ reason }) => reason)).toEqual([shown]);
  },
);

test('a bead whose change says nothing waits for what its own row says', () => {
  const bead = beadWith({ status: 'in_review', waits: waiting('queue') });
  const scene = { town: townWith(), rig: rigWith(), request: { waits: [] } };
  expect(waitsInForce(bead, scene)).toEqual(bead.waits);
});

test('work on a parked rig waits for it to be unparked', () => {
  const bead = beadWith({ status: 'open', ready: true, waits: waiting('slot') });
  const scene = { town: townWith(), rig: rigWith({ status: 'parked' }), request: undefined };
  expect(waitsInForce(bead, scene)).toMatchObject([{ detail: { because: 'parked' } }]);
});
