/**
 * What a town costs that has nothing to do. Read from the kernel's own counters; nothing is asked
 * of the town meanwhile, so that the looking costs it nothing.
 *
 * D1 A write is seen by the times and sizes of every file of the home.
 * D2 A timer that fires wakes the main thread: its voluntary context switches are counted.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spreadOf, times, type Spread } from './spread.ts';

export interface Idle {
  readonly rssMb: Spread;
  readonly cpuPercent: Spread;
  /** Times at which a file of the home was seen changed, in all of the window. */
  readonly writes: Spread;
  /** Of the main thread, per minute. */
  readonly wakeUpsPerMinute: Spread;
  readonly childProcesses: Spread;
}

const slices = 8;

/** Looks once a second for `seconds`; processor time is judged by slices of that time. */
export async function idle(pid: number, home: string, seconds: number): Promise<Idle> {
  const rss: number[] = [];
  const cpu: number[] = [];
  const wakeUps: number[] = [];
  const children: number[] = [];
  let writes = 0;
  let files = filesOf(home);
  for (const _ of times(slices)) {
    const [cpuBefore, wokenBefore, from] = [cpuMsOf(pid), wokenOf(pid), performance.now()];
    for (const __ of times(Math.max(1, Math.round(seconds / slices)))) {
      await sleep(1000);
      rss.push(rssMbOf(pid));
      children.push(childrenOf(pid));
      const seen = filesOf(home);
      if (seen !== files) writes += 1;
      files = seen;
    }
    const ms = performance.now() - from;
    cpu.push(((cpuMsOf(pid) - cpuBefore) / ms) * 100);
    wakeUps.push(((wokenOf(pid) - wokenBefore) / ms) * 60_000);
  }
  return {
    rssMb: spreadOf(rss),
    cpuPercent: spreadOf(cpu),
    writes: spreadOf([writes]),
    wakeUpsPerMinute: spreadOf(wakeUps),
    childProcesses: spreadOf(children),
  };
}

function rssMbOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** Of all threads, to the nanosecond; `stat` counts in hundredths of a second only. */
function cpuMsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const spent = threads.map((thread) => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
    return Number(text.split(' ')[0]);
  });
  return spent.reduce((sum, ns) => sum + ns, 0) / 1e6;
}

/** D2 */
function wokenOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/task/${pid}/status`, 'utf8');
  return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1] ?? Number.NaN);
}

function childrenOf(pid: number): number {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
    .length;
}

/** D1 */
function filesOf(home: string): string {
  return readdirSync(home, { recursive: true, encoding: 'utf8' })
    .map((name) => {
      const { mtimeNs, size } = statSync(join(home, name), { bigint: true });
      return `${name} ${mtimeNs} ${size}`;
    })
    .join('\n');
}
