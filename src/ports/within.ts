/**
 * A deadline for work that has none of its own: what it waits for goes on, and is not heard.
 * Nothing here ends the work; whoever started it does.
 */
import type { Timers } from './host.ts';

/** The value, or null when `ms` passed first. */
export function within<T>(work: Promise<T>, ms: number, timers: Timers): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(ms, () => resolve(null));
    work.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });
}
