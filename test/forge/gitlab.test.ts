/**
 * The GitLab adapter in everything that every adapter must do, on a server below a sub-path.
 */
import { forgeConformance } from '../../src/ports/forge.conformance.ts';
import { gitlabForge } from '../../src/scm/gitlab/adapter.ts';
import { restWorld } from './rest-ground.ts';

forgeConformance('GitLab', () => restWorld('gitlab', gitlabForge, { subPath: '/forge' }), {
  empty_refused: 'GitLab opens a merge request without commits',
  outdated_threads: 'GitLab does not tell which threads are outdated',
  permissions: 'a token of GitLab may do everything of its scope, or only read',
  required_checks: 'GitLab requires a pipeline, not checks by name',
  sso: 'GitLab does not say that single sign-on is what lacks',
});
