/**
 * Routes about forges: what is read there, credentials, webhooks. Paths are below `apiPrefix`, but
 * the one a forge sends to.
 *
 * F1 Saving a token takes no `Idempotency-Key`: it can be repeated as it is.
 */
import * as f from './forge-resources.ts';
import { noRequest, rehearsed } from './requests.ts';
import { mergeRequestResource } from './resources.ts';
import type { Route } from './route.ts';

/** Where a forge sends its deliveries: each is signed, so no token of ours is needed. */
export const webhookPath = '/webhooks/{rig}';

const forge = { tag: 'forges', status: 200 } as const;

export const forgeRoutes = {
  forgeStatus: {
    ...forge,
    method: 'get',
    path: '/forge',
    summary: 'Accounts, budgets, what is read when, and what cannot be read and why',
    response: f.forgeStatus,
    problems: [],
  },
  listCredentials: {
    ...forge,
    method: 'get',
    path: '/credentials',
    summary: 'The town’s tokens, masked',
    response: f.credentialList,
    problems: [],
  },
  setCredential: {
    ...forge,
    method: 'put',
    path: '/credentials',
    summary: 'Save a token for a forge, for every rig on it',
    body: f.townCredentialRequest,
    response: f.credentialSaved,
    problems: [400, 422],
  },
  removeCredential: {
    ...forge,
    method: 'delete',
    path: '/credentials',
    summary: 'Forget the token of a forge',
    query: f.townCredentialQuery,
    response: f.credentialList,
    problems: [400, 404],
  },
  listRigCredentials: {
    ...forge,
    method: 'get',
    path: '/rigs/{rig}/credentials',
    summary: 'The rig’s own token, masked',
    response: f.credentialList,
    problems: [404],
  },
  setRigCredential: {
    ...forge,
    method: 'put',
    path: '/rigs/{rig}/credentials',
    summary: 'Save a token for this rig alone, bound to its forge',
    body: f.credentialRequest,
    response: f.credentialSaved,
    problems: [400, 404, 422],
  },
  removeRigCredential: {
    ...forge,
    method: 'delete',
    path: '/rigs/{rig}/credentials',
    summary: 'Forget the rig’s own token',
    query: f.credentialQuery,
    response: f.credentialList,
    problems: [400, 404],
  },
  listApps: {
    ...forge,
    method: 'get',
    path: '/apps',
    summary: 'The town’s apps, their keys masked',
    response: f.appList,
    problems: [],
  },
  setApp: {
    ...forge,
    method: 'put',
    path: '/apps',
    summary: 'Save an app of a forge, for every rig on it',
    body: f.appRequest,
    response: f.appSaved,
    problems: [400, 422],
  },
  removeApp: {
    ...forge,
    method: 'delete',
    path: '/apps',
    summary: 'Forget the app of a forge',
    query: f.credentialQuery,
    response: f.appList,
    problems: [400, 404],
  },
  listRigApps: {
    ...forge,
    method: 'get',
    path: '/rigs/{rig}/apps',
    summary: 'The rig’s own app, its key masked',
    response: f.appList,
    problems: [404],
  },
  setRigApp: {
    ...forge,
    method: 'put',
    path: '/rigs/{rig}/apps',
    summary: 'Save an app for this rig alone, bound to its forge',
    body: f.appRequest,
    response: f.appSaved,
    problems: [400, 404, 422],
  },
  removeRigApp: {
    ...forge,
    method: 'delete',
    path: '/rigs/{rig}/apps',
    summary: 'Forget the rig’s own app',
    query: f.credentialQuery,
    response: f.appList,
    problems: [400, 404],
  },
  makeWebhook: {
    ...forge,
    status: 201,
    method: 'post',
    path: '/rigs/{rig}/webhook',
    summary: 'Make a new secret for deliveries of this rig’s forge; the one before is void',
    body: noRequest,
    response: f.webhookResource,
    problems: [400, 404],
  },
  adoptPull: {
    ...rehearsed,
    tag: 'merge requests',
    status: 201,
    method: 'post',
    path: '/merge-requests',
    summary: 'Adopt a pull request that somebody else opened: watch, repair if agreed, merge',
    body: f.adoptRequest,
    response: mergeRequestResource,
    command: true,
    problems: [400, 404, 409, 502],
  },
  retryMergeRequest: {
    ...rehearsed,
    tag: 'merge requests',
    status: 200,
    method: 'post',
    path: '/merge-requests/{mergeRequest}/retry',
    summary: 'Read it again now, and try again what was refused',
    body: noRequest,
    response: mergeRequestResource,
    command: true,
    problems: [404, 409],
  },
} as const satisfies Readonly<Record<string, Route>>;
