/**
 * The small values that resources and requests are made of, each with the bounds that hold for it.
 *
 * V1 Times are ISO 8601 strings in UTC. V2 What is not known is null, never absent.
 */
import { z } from 'zod';

/** V1 */
export const isoTime = z.string().meta({ description: 'ISO 8601, UTC', format: 'date-time' });
export const maybeTime = isoTime.nullable();
export const maybeText = z.string().nullable();
export const count = z.number().int().min(0);

/** Any id or name in a path: what could be one; whether it is one, the town says. */
export const nameInPath = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/, 'letters, digits, dots, dashes and underscores');

export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(200).optional().meta({ description: '`next` of the page before' }),
});

/** A list answers one page and where the next one starts. */
export function pageOf<Item extends z.ZodType>(id: string, item: Item) {
  return z.object({ items: z.array(item), next: z.string().nullable() }).meta({ id: `${id}Page` });
}

export const explained = z
  .object({ what: z.string(), evidence: z.string(), next: z.string() })
  .meta({ id: 'Explanation', description: 'What happened, what was seen, what to do next' });

export const failureView = z
  .object({
    kind: z.string(),
    helps: z.enum(['later', 'person', 'no']).meta({ description: 'Whether trying again can help' }),
    what: z.string(),
    evidence: z.string(),
    next: z.string(),
  })
  .meta({ id: 'Failure' });

export const waitView = z
  .object({
    reason: z.string(),
    until: maybeTime.meta({ description: 'When the town looks again by itself' }),
    on: z.array(z.string()).meta({ description: 'Ids of what it waits for' }),
    what: z.string(),
    evidence: z.string(),
    next: z.string(),
  })
  .meta({ id: 'Wait' });

export const courseView = z
  .object({
    agent: maybeText.meta({ description: 'null: nobody was chosen, and none was found' }),
    model: maybeText,
    lands: z.enum(['direct', 'pr']),
    target: z.string(),
    remote: z.string(),
    consentAt: maybeTime.meta({ description: 'null: nothing may be written to the remote yet' }),
  })
  .meta({ id: 'Course', description: 'Who works on a bead, and where its change goes' });

export const usageView = z
  .object({ inputTokens: count, outputTokens: count, usd: z.number().nullable() })
  .meta({ id: 'Usage' });

export const proofView = z
  .object({
    by: z.enum(['candidate', 'head', 'forge']),
    commit: z.string(),
    target: z.string(),
    targetTip: z.string(),
    at: isoTime,
  })
  .meta({ id: 'Proof', description: 'Git’s word that the change is in its target' });

export const touchedView = z
  .object({
    files: count.meta({ description: 'How many; a renamed one counts at both ends' }),
    paths: z.array(z.string()).meta({ description: 'The first of them, sorted' }),
    outside: z.array(z.string()).meta({ description: 'Those of them outside the scope' }),
    outsideFiles: count.meta({ description: 'How many of all are outside, as far as is known' }),
    notCompared: count.meta({ description: 'Too many to list when the scope was changed' }),
  })
  .meta({ id: 'Touched', description: 'Against the merge base, beside the declared scope' });

export const setupStepView = z
  .object({
    name: z.string(),
    command: z.string(),
    timeoutMs: count,
    cacheKeyFiles: z.array(z.string()),
  })
  .meta({ id: 'SetupStep' });

export const gateView = z
  .object({
    name: z.string(),
    command: z.string(),
    timeoutMs: count,
    required: z.boolean(),
    retries: count,
  })
  .meta({ id: 'Gate' });

export const gateReportView = z
  .object({
    gate: z.string(),
    command: z.string(),
    commit: z.string(),
    result: z.enum(['passed', 'failed', 'could_not_run', 'ran_nothing', 'timed_out']),
    flaky: z.boolean(),
    exitCode: z.number().int().nullable(),
    output: z.string(),
    note: maybeText,
    durationMs: z.number(),
  })
  .meta({ id: 'GateReport' });

/** A yes or no in the query of an address. */
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
