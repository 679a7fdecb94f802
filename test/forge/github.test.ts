/**
 * The GitHub adapter in everything that every adapter must do.
 */
import { forgeConformance } from '../../src/ports/forge.conformance.ts';
import { githubWorld } from './github-ground.ts';

forgeConformance('GitHub', githubWorld);
