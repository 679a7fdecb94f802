/**
 * The words for stops, as every surface prints them; that they exist is all that is checked here.
 */
import { explain } from '../../core/explain.ts';
import type { Voice } from './stops-explain.ts';

export const voice: Voice = { failure: explain, wait: explain };
