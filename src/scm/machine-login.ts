/**
 * The login a person already has on this machine: of the `gh` or `glab` command, or in the
 * environment. For the local host only, which hands in its environment and a way to run these two.
 *
 * M1 A variable belongs to one host, as the commands have it: GITHUB_TOKEN to github.com,
 *    GH_ENTERPRISE_TOKEN to GH_HOST, GITLAB_TOKEN to GITLAB_HOST or gitlab.com.
 * M2 What a command prints is taken whole and looked at nowhere: no assumption on its form.
 */
import type { TriedSource } from '../core/pr-status.ts';
import { Secret } from '../core/secret.ts';
import { bindToken, type MachineLogin } from './credentials.ts';
import { hostOf, type ForgeBinding } from './lease.ts';

export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Its standard output, or null when it is not there or did not end well. Never prompts. */
  readonly run: (command: string, args: readonly string[]) => Promise<string | null>;
}

export async function machineLogin(machine: Machine, forge: ForgeBinding): Promise<MachineLogin> {
  const tried: TriedSource[] = [];
  for (const { source, look } of places(machine, forge)) {
    const found = await look();
    const text = found.text?.trim() ?? '';
    if (text === '') tried.push({ source, why: 'absent' });
    else if (!found.isHere) tried.push({ source, why: 'wrong_host' });
    else return { ok: true, source, token: bindToken(forge, new Secret(text)) };
  }
  return { ok: false, tried };
}

interface Place {
  readonly source: string;
  readonly look: () => Promise<{
    readonly text: string | null | undefined;
    readonly isHere: boolean;
  }>;
}

function places(machine: Machine, forge: ForgeBinding): readonly Place[] {
  const { env, run } = machine;
  const host = hostOf(forge.origin);
  const isSecure = forge.origin.startsWith('https:');
  const variable = (name: string, of: string): Place => ({
    source: name,
    look: () => Promise.resolve({ text: env[name], isHere: isSecure && of === host }),
  });
  const command = (name: string, args: readonly string[]): Place => ({
    source: `${name} login`,
    look: async () => ({ text: isSecure ? await run(name, args) : null, isHere: true }),
  });
  switch (forge.provider) {
    case 'github':
      return [
        command('gh', ['auth', 'token', '--hostname', host]),
        variable('GH_TOKEN', 'github.com'),
        variable('GITHUB_TOKEN', 'github.com'),
        variable('GH_ENTERPRISE_TOKEN', env['GH_HOST'] ?? ''),
      ];
    case 'gitlab':
      return [
        command('glab', ['config', 'get', 'token', '--host', host]),
        variable('GITLAB_TOKEN', gitlabHost(env['GITLAB_HOST'])),
      ];
    case 'gitea':
      return [];
  }
}

/** As glab reads it: a host, or an address. */
function gitlabHost(value: string | undefined): string {
  if (value === undefined || value === '') return 'gitlab.com';
  return URL.canParse(value) ? new URL(value).host : value;
}
