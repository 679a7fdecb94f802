/**
 * Routes about work: beads, the agents that do them, the merge requests they become, and the
 * escalations that need a person. Paths are below `apiPrefix`.
 *
 * A command (`command: true`) takes an `Idempotency-Key`.
 */
import * as q from './requests.ts';
import * as r from './resources.ts';
import { eventStream, type Route } from './route.ts';

const bead = { tag: 'beads', status: 200, response: r.beadResource } as const;
const beadAction = { ...bead, method: 'post', command: true, problems: [400, 404, 409] } as const;
const escalation = {
  tag: 'escalations',
  status: 200,
  response: r.escalationResource,
  problems: [404, 409],
} as const;

export const workRoutes = {
  listBeads: {
    tag: 'beads',
    status: 200,
    method: 'get',
    path: '/beads',
    summary: 'Beads in order of age; without `all` those that are not closed',
    query: q.beadsQuery,
    response: r.beadPage,
    problems: [400, 404],
  },
  sling: {
    ...beadAction,
    path: '/beads',
    summary: 'Make a bead and let it be worked on',
    status: 201,
    body: q.slingRequest,
    problems: [400, 404, 409, 422],
  },
  getBead: {
    ...bead,
    method: 'get',
    path: '/beads/{bead}',
    summary: 'One bead',
    problems: [404],
  },
  editBead: {
    ...beadAction,
    method: 'patch',
    path: '/beads/{bead}',
    summary: 'Change the words, the priority or the agent of a bead that is not closed',
    body: q.editRequest,
  },
  stopBead: {
    ...beadAction,
    path: '/beads/{bead}/stop',
    summary: 'Stop its agent, save the work, and hold it',
    body: q.reasonRequest,
  },
  closeBead: {
    ...beadAction,
    path: '/beads/{bead}/close',
    summary: 'Close it without landing a change',
    body: q.closeRequest,
  },
  retryBead: {
    ...beadAction,
    path: '/beads/{bead}/retry',
    summary: 'Try again now, with fresh counters',
    body: q.retryRequest,
  },
  revertBead: {
    ...beadAction,
    path: '/beads/{bead}/revert',
    summary: 'Make a bead that takes its landed change back',
    status: 201,
    body: q.noRequest,
  },
  holdBead: {
    ...beadAction,
    path: '/beads/{bead}/hold',
    summary: 'Let nothing start on it',
    body: q.noRequest,
  },
  releaseBead: {
    ...beadAction,
    path: '/beads/{bead}/release',
    summary: 'End a hold',
    body: q.noRequest,
  },
  dependBead: {
    ...beadAction,
    path: '/beads/{bead}/depend',
    summary: 'Add and remove beads it starts after',
    body: q.dependRequest,
    problems: [400, 404, 409, 422],
  },
  diffBead: {
    tag: 'beads',
    status: 200,
    method: 'get',
    path: '/beads/{bead}/diff',
    summary: 'Its change as a unified diff: submitted, or as its workspace is',
    response: q.diffAnswer,
    problems: [404, 409, 500, 503],
  },
  checkoutBead: {
    tag: 'beads',
    status: 201,
    method: 'post',
    path: '/beads/{bead}/checkout',
    summary: 'Put its branch into a new directory, as a clone of its own',
    body: q.checkoutRequest,
    response: q.checkoutAnswer,
    problems: [400, 404, 409, 500, 503],
  },

  listMergeRequests: {
    tag: 'merge requests',
    status: 200,
    method: 'get',
    path: '/merge-requests',
    summary: 'Merge requests, newest first',
    query: q.mergeRequestsQuery,
    response: r.mergeRequestPage,
    problems: [400, 404],
  },
  getMergeRequest: {
    tag: 'merge requests',
    status: 200,
    method: 'get',
    path: '/merge-requests/{mergeRequest}',
    summary: 'One merge request, with its gates',
    response: r.mergeRequestResource,
    problems: [404],
  },
  decideMergeRequest: {
    tag: 'merge requests',
    status: 200,
    method: 'post',
    path: '/merge-requests/{mergeRequest}/decide',
    summary: 'A person’s yes or no to exactly the head shown',
    body: q.decideRequest,
    response: r.mergeRequestResource,
    command: true,
    problems: [400, 404, 409],
  },

  listAgents: {
    tag: 'agents',
    status: 200,
    method: 'get',
    path: '/agents',
    summary: 'Attempts, newest first',
    query: q.attemptsQuery,
    response: r.attemptPage,
    problems: [400, 404],
  },
  getAgent: {
    tag: 'agents',
    status: 200,
    method: 'get',
    path: '/agents/{attempt}',
    summary: 'One attempt; a bead’s id means its last one',
    response: r.attemptResource,
    problems: [404],
  },
  stopAgent: {
    tag: 'agents',
    status: 200,
    method: 'post',
    path: '/agents/{attempt}/stop',
    summary: 'Stop it, its work saved',
    body: q.reasonRequest,
    response: r.attemptResource,
    command: true,
    problems: [400, 404, 409],
  },
  transcript: {
    tag: 'agents',
    status: 200,
    method: 'get',
    path: '/agents/{attempt}/transcript',
    summary: 'What it said and did. As an event stream it goes on until the attempt has ended',
    query: q.transcriptQuery,
    response: r.transcriptPage,
    produces: ['application/json', eventStream],
    problems: [400, 404],
  },

  listEscalations: {
    tag: 'escalations',
    status: 200,
    method: 'get',
    path: '/escalations',
    summary: 'What waits for a person',
    query: q.escalationsQuery,
    response: r.escalationPage,
    problems: [400],
  },
  getEscalation: {
    ...escalation,
    method: 'get',
    path: '/escalations/{escalation}',
    summary: 'One escalation',
  },
  ackEscalation: {
    ...escalation,
    method: 'post',
    path: '/escalations/{escalation}/ack',
    summary: 'Seen: no more reminders',
    body: q.noRequest,
    command: true,
  },
  resolveEscalation: {
    ...escalation,
    method: 'post',
    path: '/escalations/{escalation}/resolve',
    summary: 'Settled, with an answer for whoever asked',
    body: q.resolveRequest,
    command: true,
  },
} as const satisfies Readonly<Record<string, Route>>;
