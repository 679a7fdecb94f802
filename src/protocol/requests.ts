/**
 * Requests: the bodies and queries of the API. Shape and size are checked here; whether a rig or a
 * bead exists, and whether it may be done now, the town decides.
 *
 * Q1 An unknown field is refused: a misspelt one must not be ignored.
 * Q2 Lengths are bounded where the town bounds them (`core/limits.ts`), in the town's own words.
 */
import { z } from 'zod';
import { forgeLook } from './forge-resources.ts';
import { beadStatus } from './resources.ts';
import { count, flag, pageQuery } from './values.ts';

const priority = z
  .number()
  .int()
  .min(0)
  .max(4)
  .meta({ description: '0 is the most urgent; 2 is ordinary' });
const names = z.array(z.string());
const scope = z.array(z.string()).meta({
  description: 'Paths of the repository that it is about: docs, src/**, **/*.md; not enforced',
});
const reason = z.string().default('');

export const noQuery = z.strictObject({});

/** What a route that can be rehearsed has. */
export const rehearsed = {
  dryRun: true,
  query: z.strictObject({
    dryRun: flag.optional().meta({
      description: 'Do everything but keep it: nothing is written, the answer says what would be',
    }),
  }),
} as const;

export const slingRequest = z
  .strictObject({
    rig: z.string(),
    title: z.string(),
    body: z.string().default(''),
    issue: z.string().max(300).nullable().default(null).meta({
      description: 'What it fixes: #12, team/docs#3 or its page; said in the body, too',
    }),
    scope: scope.default([]),
    anyway: z
      .boolean()
      .default(false)
      .meta({ description: 'Not held, also if it is the same work as another bead' }),
    after: names.default([]).meta({ description: 'Beads that must land first' }),
    priority: priority.default(2),
    hold: z.boolean().default(false),
    agent: z.string().nullable().default(null),
    model: z.string().nullable().default(null),
  })
  .meta({ id: 'SlingRequest' });

export const editRequest = z
  .strictObject({
    title: z.string(),
    body: z.string(),
    scope,
    priority,
    agent: z.string().nullable(),
    model: z.string().nullable(),
  })
  .partial()
  .meta({ id: 'EditRequest' });

export const reasonRequest = z.strictObject({ reason }).meta({ id: 'ReasonRequest' });
export const noRequest = z.strictObject({}).meta({ id: 'NoRequest', description: 'Nothing' });

export const closeRequest = z
  .strictObject({ resolution: z.enum(['dropped', 'no_change']).default('dropped'), reason })
  .meta({ id: 'CloseRequest' });

export const retryRequest = z
  .strictObject({
    note: z.string().nullable().default(null).meta({ description: 'Told to the next attempt' }),
  })
  .meta({ id: 'RetryRequest' });

export const dependRequest = z
  .strictObject({ add: names.default([]), remove: names.default([]) })
  .meta({ id: 'DependRequest' });

export const checkoutRequest = z
  .strictObject({
    directory: z.string().meta({ description: 'An absolute path that does not exist yet' }),
  })
  .meta({ id: 'CheckoutRequest' });

export const rigAddRequest = z
  .strictObject({
    name: z.string(),
    source: z.string().meta({ description: 'A URL, or the absolute path of a repository' }),
    prefix: z.string().nullable().default(null).meta({ description: 'Starts its beads’ ids' }),
    target: z.string().nullable().default(null).meta({ description: 'null: the default branch' }),
    updateCheckout: z.boolean().default(false).meta({
      description: 'Land in the checkout itself, by fast-forward of a clean tree',
    }),
    consent: z.boolean().default(false).meta({ description: 'Writing to the remote is allowed' }),
  })
  .meta({ id: 'RigAddRequest' });

export const rigMoveRequest = z
  .strictObject({
    source: z.string().meta({ description: 'A URL, or the absolute path of a repository' }),
    target: z.string().nullable().default(null).meta({ description: 'null: as it was' }),
    leavePulls: z.boolean().default(false).meta({
      description: 'Changes with open pull requests at the old place begin anew at the new one',
    }),
    consent: z.boolean().default(false).meta({ description: 'Writing to the remote is allowed' }),
  })
  .meta({ id: 'RigMoveRequest' });

export const settingsRequest = z
  .strictObject({
    set: z.record(z.string(), z.unknown()).default({}).meta({ description: 'JSON values' }),
    typed: z
      .record(z.string(), z.string())
      .default({})
      .meta({ description: 'Values as a person types them, such as `4` or `test="npm test"`' }),
    unset: names.default([]).meta({ description: 'Back to what holds without a value here' }),
  })
  .meta({ id: 'SettingsRequest' });

export const runRehearsal = z
  .strictObject({
    attach: rigAddRequest.nullable().default(null).meta({ description: 'null: it is there' }),
    settings: settingsRequest.nullable().default(null),
    consent: z.boolean().default(false).meta({ description: 'Writing is allowed on the way' }),
    bead: slingRequest,
  })
  .meta({ id: 'RunRehearsal' });

export const decideRequest = z
  .strictObject({ verdict: z.enum(['approve', 'reject']), reason })
  .meta({ id: 'DecideRequest' });

export const resolveRequest = z
  .strictObject({ answer: z.string().nullable().default(null) })
  .meta({ id: 'ResolveRequest' });

export const pauseRequest = z
  .strictObject({
    halt: z.boolean().default(false).meta({ description: 'Also stop live agents, work saved' }),
  })
  .meta({ id: 'PauseRequest' });

export const beadsQuery = pageQuery.extend({
  rig: z.string().optional(),
  status: beadStatus.optional(),
  all: flag.optional().meta({ description: 'Closed ones too' }),
});

export const attemptsQuery = pageQuery.extend({
  bead: z.string().optional(),
  live: flag.optional().meta({ description: 'Only those that have not ended' }),
});

export const mergeRequestsQuery = pageQuery.extend({
  rig: z.string().optional(),
  live: flag.optional().meta({ description: 'Only those not yet merged or abandoned' }),
  failureKind: z.string().max(60).optional().meta({
    description: 'Only those whose pull request cannot be read, for this reason',
  }),
});

export const escalationsQuery = pageQuery.extend({
  all: flag.optional().meta({ description: 'Resolved ones too' }),
});

export const journalQuery = pageQuery.extend({
  after: z.coerce.number().int().min(0).optional().meta({ description: 'After this entry' }),
  kind: z.string().optional(),
  id: z.string().optional(),
});

export const eventsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).optional().meta({
    description: 'Start after this entry; without it and `Last-Event-ID`: from now on',
  }),
});

export const transcriptQuery = pageQuery.extend({
  after: z.coerce.number().int().min(0).optional().meta({ description: 'After this chunk' }),
});

export const settingsQuery = z.strictObject({
  rig: z.string().optional().meta({ description: 'As this rig resolves them' }),
});

export const diffAnswer = z
  .object({ text: z.string(), truncated: z.boolean() })
  .meta({ id: 'Diff' });

export const checkoutAnswer = z
  .object({ directory: z.string(), branch: z.string() })
  .meta({ id: 'Checkout' });

export const rigDoctorAnswer = z
  .object({
    rig: z.string(),
    healthy: z.boolean(),
    probing: z.boolean(),
    checks: z.array(
      z.object({
        name: z.string(),
        passed: z.boolean(),
        what: z.string(),
        evidence: z.string(),
        next: z.string(),
      }),
    ),
    forge: forgeLook.nullable().meta({ description: 'null: its remote is on no known forge' }),
  })
  .meta({ id: 'RigDoctor' });

export const importAnswer = z
  .object({
    rows: count,
    tables: z.record(z.string(), count),
    next: z.string().meta({ description: 'What a person does before the town goes on' }),
  })
  .meta({ id: 'Imported' });

/** Bodies as a client writes them: what has a default may be left out. */
export type EditRequest = z.input<typeof editRequest>;
export type RigDoctorAnswer = z.infer<typeof rigDoctorAnswer>;
