/**
 * The Gitea adapter in everything that every adapter must do.
 */
import { forgeConformance } from '../../src/ports/forge.conformance.ts';
import { giteaForge } from '../../src/scm/gitea/adapter.ts';
import { restWorld } from './rest-ground.ts';

forgeConformance('Gitea', () => restWorld('gitea', giteaForge), {
  bot_threads: 'Gitea does not tell of threads',
  conflict: 'Gitea does not tell a conflict from a check that is under way: time does',
  empty_refused: 'Gitea opens a pull request without commits',
  merge_queue: 'Gitea has no merge queue',
  outdated_threads: 'Gitea does not tell of threads',
  permissions: 'the scopes of Gitea are of whole repositories',
  resolved_threads: 'Gitea can neither answer nor resolve a thread over its API',
  sso: 'Gitea does not say that single sign-on is what lacks',
});
