/**
 * Carries out one command inside a turn: all of its checks first, then what it records.
 */
import { unreachable } from '../core/assert.ts';
import type { Command } from '../core/command.ts';
import type { Answer, Ask } from './commands/ask.ts';
import { takeOn } from './commands/adopt.ts';
import * as beads from './commands/beads.ts';
import { keep } from './commands/credentials.ts';
import { moveRig } from './commands/move-rig.ts';
import * as pulls from './commands/pulls.ts';
import * as rigs from './commands/rigs.ts';
import * as town from './commands/town.ts';

export function carryOut(ask: Ask, command: Command): Answer {
  switch (command.kind) {
    case 'sling':
      return beads.sling(ask, command);
    case 'bead_edit':
      return beads.edit(ask, command);
    case 'bead_stop':
      return beads.stop(ask, command);
    case 'bead_close':
      return beads.close(ask, command);
    case 'bead_retry':
      return beads.retry(ask, command);
    case 'bead_revert':
      return beads.revert(ask, command);
    case 'bead_hold':
      return beads.hold(ask, command);
    case 'bead_release':
      return beads.release(ask, command);
    case 'bead_depend':
      return beads.depend(ask, command);
    case 'rig_add':
    case 'rig_move':
    case 'rig_consent':
    case 'rig_probe':
    case 'rig_park':
    case 'rig_remove':
      return aboutRig(ask, command);
    case 'settings_set':
      return rigs.setSettings(ask, command);
    case 'pause':
      return town.pause(ask, command);
    case 'resume':
      return town.resume(ask);
    case 'mr_decide':
      return town.decide(ask, command);
    case 'mr_retry':
      return pulls.retry(ask, command);
    case 'mr_adopt':
    case 'mr_supersede':
      return takeOn(ask, command);
    case 'credential_set':
    case 'credential_remove':
    case 'webhook_secret_set':
    case 'app_set':
    case 'app_remove':
      return keep(ask, command);
    case 'agent_stop':
      return town.stopAgent(ask, command);
    case 'escalation_ack':
    case 'escalation_resolve':
      return town.answerEscalation(ask, command);
    case 'breaker_reset':
      return town.resetBreaker(ask);
    default:
      return unreachable(command);
  }
}

type AboutRig = Extract<Command, { readonly kind: `rig_${string}` }>;

function aboutRig(ask: Ask, command: AboutRig): Answer {
  switch (command.kind) {
    case 'rig_add':
      return rigs.add(ask, command);
    case 'rig_move':
      return moveRig(ask, command);
    case 'rig_consent':
      return rigs.consent(ask, command);
    case 'rig_probe':
      return rigs.probe(ask, command);
    case 'rig_park':
      return rigs.park(ask, command);
    case 'rig_remove':
      return rigs.remove(ask, command);
  }
}
