/**
 * The figures of a run: their names in the JSON document, what they are called, and their targets.
 */
import type { Spread } from './spread.ts';

export type BySize = Readonly<Record<string, Spread>>;

export interface Figures {
  readonly createInProcessMs: Spread;
  readonly createHttpMs: Spread;
  readonly list300Ms: Spread;
  readonly readyMs: BySize;
  readonly tickMs: BySize;
  readonly tickRatio: Spread;
  readonly slingToPromptMs: Spread;
  readonly idleRssMb: Spread;
  readonly idleCpuPercent: Spread;
  readonly idleWrites: Spread;
  readonly coldStartMs: Spread;
  readonly installSeconds: Spread;
  readonly installMb: Spread;
  /** Beyond the targets: to read the others by. */
  readonly createCpuMs: Spread;
  readonly commitMs: Spread;
  readonly listInProcessMs: Spread;
  readonly tickCpuMs: BySize;
  readonly idleWakeUpsPerMinute: Spread;
  readonly idleChildProcesses: Spread;
}

export type FigureName = keyof Figures;

interface Meaning {
  readonly label: string;
  readonly unit: string;
  /** The median must be below; of `idleWrites` and child processes, not above. */
  readonly target?: number;
}

export const meanings: Readonly<Record<FigureName, Meaning>> = {
  createInProcessMs: { label: 'make a bead, in process', unit: 'ms', target: 1 },
  createCpuMs: { label: '  of it processor time', unit: 'ms' },
  commitMs: { label: '  the disk alone: one row committed', unit: 'ms' },
  createHttpMs: { label: 'make a bead, over HTTP', unit: 'ms', target: 3 },
  list300Ms: { label: 'list 300 beads, over HTTP', unit: 'ms', target: 5 },
  listInProcessMs: { label: 'list 300 beads, in process', unit: 'ms' },
  readyMs: { label: 'next 8 ready beads', unit: 'ms' },
  tickMs: { label: 'one bead changed: two facts, two ticks', unit: 'ms' },
  tickCpuMs: { label: '  of it processor time', unit: 'ms' },
  tickRatio: { label: 'tick at 100,000 / at 100 beads', unit: '', target: 2 },
  slingToPromptMs: { label: 'sling accepted to prompt sent', unit: 'ms', target: 150 },
  coldStartMs: { label: 'cold start to healthy', unit: 'ms', target: 700 },
  idleRssMb: { label: 'idle, 1,000 beads: memory', unit: 'MB', target: 120 },
  idleCpuPercent: { label: 'idle: processor', unit: '% of a core', target: 0.3 },
  idleWrites: { label: 'idle: writes', unit: '', target: 0 },
  idleWakeUpsPerMinute: { label: 'idle: wake-ups of the main thread', unit: 'a minute', target: 1 },
  idleChildProcesses: { label: 'idle: child processes', unit: '', target: 0 },
  installSeconds: { label: 'installation, caches as they are', unit: 's' },
  installMb: { label: 'installation, with the checkout', unit: 'MB' },
};

export interface Line {
  readonly label: string;
  readonly spread: Spread;
  readonly unit: string;
  readonly target: number | undefined;
  readonly met: boolean | undefined;
}

export function linesOf(figures: Partial<Figures>): readonly Line[] {
  const names = Object.keys(meanings).filter(isFigure);
  return names.flatMap((name) => {
    const value = figures[name];
    if (value === undefined) return [];
    const { label, unit, target } = meanings[name];
    const line = (text: string, spread: Spread): Line => {
      const met = target === undefined ? undefined : isMet(spread.median, target);
      return { label: text, spread, unit, target, met };
    };
    if (isSpread(value)) return [line(label, value)];
    return Object.entries(value).map(([size, spread]) => {
      return line(`${label}, ${Number(size).toLocaleString('en')}`, spread);
    });
  });
}

export function isFigure(name: string): name is FigureName {
  return Object.hasOwn(meanings, name);
}

function isMet(median: number, target: number): boolean {
  return target === 0 ? median === 0 : median < target;
}

function isSpread(value: Spread | BySize): value is Spread {
  return typeof value['median'] === 'number';
}
