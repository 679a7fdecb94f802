/**
 * The `forge` port on GitLab: gitlab.com and servers of one's own alike, below a sub-path too;
 * only the API's base differs.
 */
import type { ForgePort } from '../../ports/forge.ts';
import { RestApi } from '../rest-api.ts';
import { RestForge, type RestForgeDeps } from '../rest-forge.ts';
import { dequeueMergeRequest } from './dequeue.ts';
import { readFeedback } from './feedback.ts';
import { mergeMergeRequest } from './merge.ts';
import { openMergeRequest } from './open.ts';
import { probeProject } from './probe.ts';
import { ProjectBook } from './project.ts';
import { MergeRequestReader } from './read.ts';
import { writeMergeRequest } from './write.ts';

export function gitlabForge(deps: RestForgeDeps): ForgePort {
  const api = new RestApi(deps, { name: 'per_page', size: 100 });
  const projects = new ProjectBook(api);
  const reader = new MergeRequestReader(api, projects);
  return new RestForge(deps, {
    read: (call, targets) => reader.read(call, targets),
    probe: (call) => probeProject(api, call),
    feedback: (call, target) => readFeedback(api, call, target),
    open: (call, spec) => openMergeRequest(api, call, spec),
    merge: (call, target, how) => mergeMergeRequest({ api, projects }, call, target, how),
    dequeue: (call, target) => dequeueMergeRequest({ api, projects, call, target }),
    write: (call, target, what) => writeMergeRequest(api, call, target, what),
  });
}
