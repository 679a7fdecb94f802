/**
 * The `forge` port on Gitea and Forgejo, which have the same API: servers of one's own, below a
 * sub-path too; only the API's base differs.
 */
import type { ForgePort } from '../../ports/forge.ts';
import { RestApi } from '../rest-api.ts';
import { RestForge, type RestForgeDeps } from '../rest-forge.ts';
import { dequeuePull } from './dequeue.ts';
import { readFeedback } from './feedback.ts';
import { mergePull } from './merge.ts';
import { openPull } from './open.ts';
import { probeRepo } from './probe.ts';
import { PullReader } from './read.ts';
import { writePull } from './write.ts';

export function giteaForge(deps: RestForgeDeps): ForgePort {
  const api = new RestApi(deps, { name: 'limit', size: 50 });
  const reader = new PullReader(api);
  const { conflicts } = reader;
  return new RestForge(deps, {
    read: (call, targets) => reader.read(call, targets),
    probe: (call) => probeRepo(api, call),
    feedback: (call, target) => readFeedback(api, call, target),
    open: (call, spec) => openPull(api, call, spec),
    merge: (call, target, how) => mergePull({ api, conflicts, call, target, how }),
    dequeue: (call, target) => dequeuePull(api, call, target),
    write: (call, target, what) => writePull(api, call, target, what),
  });
}
