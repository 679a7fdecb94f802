/**
 * Finds out from a repository's own files how its dependencies are installed and its tests are
 * run. What it finds is a proposal that `rig add` shows; a person can set anything else.
 *
 * D1 Only files that say so are believed: nothing is guessed from the look of a directory.
 * D2 A `.gastown.json` at the root wins over detection, part by part.
 * D3 Nothing recognised is an empty answer; the caller warns that nothing will be checked.
 * D4 Installing never rewrites a lockfile: every command is the frozen one.
 */
import { limits } from '../core/limits.ts';
import type { Gate, SetupStep } from '../core/launch-spec.ts';
import { javascript } from './detect-javascript.ts';
import { ecosystems } from './detect-others.ts';
import { ownFile } from './detect-own-file.ts';

/** Text of a file of the commit, or null when there is none. */
export type ReadFile = (path: string) => Promise<string | null>;
/** Names in a directory of the commit; `''` is the root. */
export type ListDirectory = (directory: string) => Promise<readonly string[]>;

export interface Detection {
  readonly setup: readonly SetupStep[];
  readonly gates: readonly Gate[];
  readonly detectedFrom: readonly string[];
  /** What is wrong with `.gastown.json`, for people; the wrong part is detected instead. */
  readonly problems: readonly string[];
}

/** What one kind of project was recognised by and proposes. */
export interface Proposal {
  readonly ecosystem: string;
  readonly from: readonly string[];
  readonly setup: readonly Command[];
  readonly gates: readonly Command[];
}

export interface Command {
  readonly name: string;
  readonly command: string;
  /** For a setup step: files that decide whether it must run again. */
  readonly keys?: readonly string[];
}

export interface Repository {
  readonly read: ReadFile;
  readonly list: ListDirectory;
  /** Names at the root. */
  readonly root: readonly string[];
}

/** Cheap gates first: a lint that fails spares the tests. */
const ORDER: readonly string[] = ['lint', 'typecheck', 'build', 'test'];

export async function detect(read: ReadFile, list: ListDirectory): Promise<Detection> {
  const repository: Repository = { read, list, root: await list('') };
  const own = await ownFile(read);
  const recognisers = [javascript, ...ecosystems];
  const found = (await Promise.all(recognisers.map((look) => look(repository)))).flatMap(
    (proposal) => proposal ?? [],
  );
  const usesDetection = own.setup === null || own.gates === null;
  return {
    setup: own.setup ?? found.flatMap(({ setup }) => setup.map(toStep)),
    gates: own.gates ?? inOrder(gatesOf(found)),
    detectedFrom: [
      ...(own.exists ? ['.gastown.json'] : []),
      ...(usesDetection ? found.flatMap(({ from }) => from) : []),
    ],
    problems: own.problems,
  };
}

function gateOf(name: string, command: string): Gate {
  return { name, command, timeoutMs: limits.gateMsDefault, required: true, retries: 0 };
}

function toStep({ name, command, keys }: Command): SetupStep {
  return { name, command, timeoutMs: limits.setupMsDefault, cacheKeyFiles: keys ?? [] };
}

/**
 * The first kind of project to propose a gate of a name keeps it; the next adds its own name. A
 * Makefile's `test` usually only calls the others', so it counts where nothing else tests.
 */
function gatesOf(found: readonly Proposal[]): Gate[] {
  const gates: Gate[] = [];
  for (const { ecosystem, gates: proposed } of found) {
    for (const { name, command } of proposed) {
      const taken = gates.some((gate) => gate.name === name);
      if (taken && ecosystem === 'make') continue;
      gates.push(gateOf(taken ? `${name}-${ecosystem}` : name, command));
    }
  }
  return gates;
}

function inOrder(gates: readonly Gate[]): Gate[] {
  const place = ({ name }: Gate): number => {
    const at = ORDER.findIndex((word) => name === word || name.startsWith(`${word}-`));
    return at < 0 ? ORDER.length : at;
  };
  return [...gates].sort((a, b) => place(a) - place(b));
}
