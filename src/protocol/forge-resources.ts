/**
 * Resources and requests about forges: credentials as they are shown, what a look at a repository
 * found, and what of its pull requests is read when.
 *
 * R1 No resource has a field a token could be in, but the one answer that makes a webhook's secret.
 */
import { z } from 'zod';
import { count, explained, flag, isoTime, maybeText, maybeTime } from './values.ts';

const provider = z.enum(['github', 'gitlab', 'gitea']);

export const forgeOfRig = z
  .object({
    provider,
    origin: z.string(),
    path: z.string().meta({ description: 'owner/name; with groups on GitLab' }),
    ownCredential: z
      .boolean()
      .meta({ description: 'It has a token or an app of its own, or is pinned' }),
  })
  .meta({ id: 'ForgeOfRig', description: 'The code host a rig’s remote lives on' });

const maybe = z.boolean().nullable().meta({ description: 'null: the forge does not tell' });

export const forgeLook = z
  .object({
    provider,
    origin: z.string(),
    path: z.string(),
    source: maybeText.meta({ description: 'Where its credential comes from; null: there is none' }),
    expiresAt: maybeTime.meta({ description: 'Of the credential; an app’s is made anew before' }),
    login: maybeText,
    canRead: maybe,
    canPush: maybe,
    canOpen: maybe,
    canReadChecks: maybe,
    canMerge: maybe,
    missing: z.array(z.string()).meta({ description: 'Permissions, in the forge’s own words' }),
    archived: z.boolean(),
    movedTo: maybeText,
    mergeMethods: z.array(z.string()),
    failure: explained.extend({ kind: z.string() }).nullable(),
  })
  .meta({ id: 'ForgeLook', description: 'What the forge lets the rig’s credential do' });

export const credentialResource = z
  .object({
    scope: z.enum(['town', 'rig']),
    rig: maybeText,
    cli: z.boolean().meta({ description: 'The town’s CLI token, used before its own token' }),
    provider,
    origin: z.string().meta({ description: 'The only place it is sent to' }),
    mask: z.string(),
    login: maybeText,
    savedAt: isoTime,
  })
  .meta({ id: 'Credential', description: 'A token, as it is shown' });

export const credentialList = z
  .object({ items: z.array(credentialResource) })
  .meta({ id: 'CredentialList' });

export const credentialRequest = z
  .strictObject({
    token: z.string().min(1).max(20_000).meta({ description: 'A mask changes nothing' }),
    url: z
      .string()
      .max(300)
      .nullable()
      .default(null)
      .meta({ description: 'Of the forge; null: the rig’s, or the only one there is' }),
  })
  .meta({ id: 'CredentialRequest' });

export const townCredentialRequest = credentialRequest
  .extend({
    cli: z
      .boolean()
      .default(false)
      .meta({ description: 'As the town’s CLI token: a login of gh or glab' }),
  })
  .meta({ id: 'TownCredentialRequest' });

export const credentialQuery = z.strictObject({
  url: z.string().max(300).optional().meta({ description: 'Of the forge' }),
});

export const townCredentialQuery = credentialQuery.extend({
  cli: flag.optional().meta({ description: 'The CLI token' }),
});

export const credentialSaved = z
  .object({ credential: credentialResource, changed: z.boolean(), look: forgeLook.nullable() })
  .meta({ id: 'CredentialSaved' });

export const appResource = z
  .object({
    scope: z.enum(['town', 'rig']),
    rig: maybeText,
    name: z.string().meta({ description: 'What a rig can be pinned to' }),
    appId: z.string(),
    installation: count.nullable().meta({ description: 'null: found for each repository' }),
    origin: z.string().meta({ description: 'The only place its tokens are asked for and sent to' }),
    key: z.string().meta({ description: 'A mask: the fingerprint of its public half' }),
    savedAt: isoTime,
  })
  .meta({ id: 'App', description: 'An app of a forge, as it is shown' });

export const appList = z.object({ items: z.array(appResource) }).meta({ id: 'AppList' });

export const appRequest = z
  .strictObject({
    appId: z
      .string()
      .regex(/^[A-Za-z0-9.]{1,60}$/)
      .meta({ description: 'Its number, or its client id' }),
    installation: z
      .int()
      .positive()
      .nullable()
      .default(null)
      .meta({ description: 'The only one that is used; null: found for each repository' }),
    key: z
      .string()
      .min(1)
      .max(20_000)
      .meta({ description: 'Its private key, PEM; a mask leaves the stored one' }),
    url: z
      .string()
      .max(300)
      .nullable()
      .default(null)
      .meta({ description: 'Of the forge; null: the rig’s, or the only one there is' }),
  })
  .meta({ id: 'AppRequest' });

export const appSaved = z
  .object({ app: appResource, look: forgeLook.nullable() })
  .meta({ id: 'AppSaved' });

export const adoptRequest = z
  .strictObject({
    url: z.string().min(1).max(2000).meta({ description: 'Of the pull request itself' }),
    rig: z.string().nullable().default(null).meta({
      description: 'null: the one on that repository',
    }),
    repairs: z.boolean().default(false).meta({
      description: 'Work of the town may be pushed to its branch; a fork’s is only watched',
    }),
  })
  .meta({ id: 'AdoptRequest' });

export const webhookResource = z
  .object({
    path: z.string().meta({ description: 'Below the address this server is reached at' }),
    url: z.string().meta({ description: 'As it is reached on this machine' }),
    secret: z.string().meta({ description: 'Shown this once' }),
    contentType: z.literal('application/json'),
  })
  .meta({ id: 'Webhook' });

const budget = z.object({
  resource: z.string(),
  limit: count.nullable(),
  remaining: count.nullable(),
  resetAt: maybeTime,
});

export const pullFailure = z
  .object({
    failureReason: z.literal('pr_poll_failed'),
    failureKind: z.string(),
    failureMessage: z.string(),
    since: isoTime,
  })
  .meta({ id: 'PullFailure', description: 'Why nobody can see it; the work is what it was' });

const watched = z.object({
  mergeRequest: z.string(),
  bead: z.string(),
  rig: z.string(),
  number: count.nullable(),
  url: maybeText,
  observedAt: maybeTime,
  nextReadAt: maybeTime,
  failure: pullFailure.nullable(),
});

export const forgeAccountResource = z
  .object({
    id: z.string(),
    origin: z.string(),
    rigs: z.array(z.string()),
    source: maybeText.meta({ description: 'Where its credential comes from; null: there is none' }),
    expiresAt: maybeTime.meta({ description: 'Of the credential; an app’s is made anew before' }),
    tried: z.array(z.object({ source: z.string(), why: z.string() })),
    budgets: z.array(budget),
    reads: count,
    nextReadAt: maybeTime,
    pulls: z.array(watched),
    incidents: z.array(
      explained.extend({ escalation: z.string(), kind: z.string(), since: isoTime }),
    ),
  })
  .meta({ id: 'ForgeAccount', description: 'One forge and the credential used there' });

export const forgeStatus = z
  .object({
    accounts: z.array(forgeAccountResource),
    credentials: z.array(credentialResource),
    apps: z.array(appResource),
  })
  .meta({ id: 'ForgeStatus' });

const tally = z.object({ passed: count, failed: count, pending: count, missing: count });

export const pullView = z
  .object({
    state: z.enum(['none', 'opening', 'open', 'merged', 'closed']),
    number: count.nullable(),
    url: maybeText,
    draft: z.boolean().nullable(),
    head: maybeText,
    mergeability: z.string().meta({ description: '`unknown` is never green' }),
    checks: tally.nullable().meta({ description: 'null: not known' }),
    checksRequired: tally.nullable().meta({ description: 'null: the rules could not be read' }),
    failingChecks: z.array(z.string()),
    review: maybeText,
    threads: count.nullable().meta({ description: 'Unresolved ones of people' }),
    queue: maybeText,
    closedBy: maybeText,
    mergedBy: maybeText,
    adopted: z.boolean().meta({ description: 'Somebody else opened it' }),
    repairs: z.enum(['agreed', 'not_agreed', 'fork']).meta({
      description: 'Whether work of the town may be pushed to its branch; to a fork’s never',
    }),
    observedAt: maybeTime,
    nextReadAt: maybeTime,
  })
  .meta({ id: 'PullRequest', description: 'The forge’s side of a merge request' });

export type ForgeLook = z.infer<typeof forgeLook>;
export type ForgeStatus = z.infer<typeof forgeStatus>;
export type AppResource = z.infer<typeof appResource>;
export type CredentialResource = z.infer<typeof credentialResource>;
