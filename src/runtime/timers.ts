/**
 * The one way this room waits for time to pass, so that a test can pass its own and nothing here
 * starts a timer that somebody did not hand in. A host gives `setTimeout` and `clearTimeout`.
 *
 * T1 Whoever starts a timer cancels it when it no longer matters.
 */
export interface Timers {
  /** Calls back once after `ms`. Returns the cancel, which may be called at any time. T1 */
  after(ms: number, call: () => void): () => void;
}
