/**
 * `gt forge status`: each forge account with its budgets, what is read when, what cannot be read
 * and why.
 *
 * S1 Forty pull requests behind one bad token are one incident, said once.
 */
import type { ForgeStatus } from '../../../protocol/http.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { sentences } from '../../format.ts';
import { ago, oneLine, span, type Output } from '../../output.ts';
import { untilText } from './look.ts';
import type { Context } from '../../spec.ts';

type Account = ForgeStatus['accounts'][number];

export async function status({ client, output, world }: Context): Promise<ExitCode> {
  const answer = await client.get('/forge', {});
  output.result(answer, () => [
    ...(answer.accounts.length === 0 ? ['no rig is on a forge'] : []),
    ...answer.accounts.flatMap((account) => accountLines(output, account, world.now())),
    ...credentialLines(output, answer),
  ]);
  return exitCodes.ok;
}

function accountLines(output: Output, account: Account, now: number): string[] {
  return [
    output.paint('bold', account.id),
    ...output.fields([
      ['rigs', account.rigs.join(', ')],
      ['credential', credentialText(account, now)],
      ...account.budgets.map(
        (budget) => [`budget ${budget.resource}`, budgetText(budget, now)] as const,
      ),
      ['reads', String(account.reads)],
      ['next read', account.nextReadAt === null ? 'nothing to read' : due(account.nextReadAt, now)],
    ]),
    ...pullLines(output, account, now),
    ...account.incidents.flatMap((incident) => [
      '',
      `${output.paint('red', incident.escalation)}  since ${ago(Date.parse(incident.since), now)}`,
      ...sentences(output, incident, '  '), // S1
    ]),
    '',
  ];
}

function credentialText({ source, tried, expiresAt }: Account, now: number): string {
  if (source !== null) return `from ${source}${untilText(expiresAt, now)}`;
  return ['none', ...tried.map((one) => `${one.source}: ${one.why.replaceAll('_', ' ')}`)].join(
    '\n',
  );
}

function budgetText(budget: Account['budgets'][number], now: number): string {
  const { limit, remaining, resetAt } = budget;
  const left = remaining === null ? 'not known' : `${remaining} of ${limit ?? '?'} left`;
  return resetAt === null ? left : `${left}, full again in ${span(Date.parse(resetAt) - now)}`;
}

function pullLines(output: Output, { pulls }: Account, now: number): string[] {
  if (pulls.length === 0) return [];
  const rows = pulls.map((pull) => [
    { text: pull.mergeRequest, style: 'bold' as const },
    pull.bead,
    pull.number === null ? '' : `#${pull.number}`,
    pull.observedAt === null ? 'never' : ago(Date.parse(pull.observedAt), now),
    pull.nextReadAt === null ? '' : due(pull.nextReadAt, now),
    oneLine(pull.failure?.failureKind.replaceAll('_', ' ') ?? pull.url ?? ''),
  ]);
  return output.table(['id', 'bead', 'number', 'read', 'next', ''], rows);
}

function due(at: string, now: number): string {
  const left = Date.parse(at) - now;
  return left <= 0 ? 'now' : `in ${span(left)}`;
}

function credentialLines(output: Output, { credentials, apps }: ForgeStatus): string[] {
  if (credentials.length === 0 && apps.length === 0) {
    return ['no token is stored: gt forge login'];
  }
  const rows = [
    ...credentials.map((one) => {
      const token = one.cli ? `${one.mask} (CLI)` : one.mask;
      return [one.origin, one.rig ?? 'every rig', token, one.login ?? ''];
    }),
    ...apps.map((one) => [one.origin, one.rig ?? 'every rig', `app ${one.name}`, one.key]),
  ];
  return output.table(['stored for', 'used by', 'token or app', 'login or key'], rows);
}
