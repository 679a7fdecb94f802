/**
 * `gt import`: take an export over into the town of this home, which must be empty.
 *
 * I1 The imported town starts paused, its rigs parked, so that two towns never drive the same
 *    repositories; the answer says what to do before it goes on.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { refused, usage } from '../../problem.ts';
import type { Context } from '../../spec.ts';

const BYTES_MAX = 512 * 1024 * 1024;

export async function importTown(
  context: Context,
  { file }: { readonly file: string },
): Promise<ExitCode> {
  const { client, output } = context;
  const body = file === '-' ? await fromStdin(context) : await fromFile(context, file);
  const headers = { 'content-type': 'application/x-ndjson' };
  const response = await client.send({ method: 'post', path: '/import', body, headers });
  const answer: { rows: number; tables: Record<string, number>; next: string } = JSON.parse(
    await response.text(),
  );
  output.result(answer, () => [
    ...Object.entries(answer.tables)
      .filter(([, rows]) => rows > 0)
      .map(([table, rows]) => `${String(rows).padStart(7)}  ${table.replaceAll('_', ' ')}`),
    `${String(answer.rows).padStart(7)}  in all`,
    `next: ${answer.next}`,
  ]);
  return exitCodes.ok;
}

async function fromStdin({ world }: Context): Promise<string> {
  const { text, whole } = await world.stdin.readAll(BYTES_MAX);
  if (!whole) throw tooLarge();
  return text;
}

async function fromFile({ world }: Context, file: string): Promise<string> {
  try {
    return await readFile(resolve(world.cwd, file), 'utf8');
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    throw usage('the export cannot be read', said, 'name a file made by gt export');
  }
}

function tooLarge(): Error {
  const evidence = `more than ${BYTES_MAX / 1024 ** 2} MB on stdin`;
  return refused('too_large', 'the export is too large', evidence, 'give it as a file');
}
