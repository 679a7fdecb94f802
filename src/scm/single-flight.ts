/**
 * One piece of work at a time under a name: whoever asks while it runs gets the same answer.
 *
 * S1 Nothing is kept after it has ended, however it ended.
 */
export class SingleFlight<T> {
  readonly #underWay = new Map<string, Promise<T>>();

  async run(name: string, work: () => Promise<T>): Promise<T> {
    const running = this.#underWay.get(name);
    if (running !== undefined) return await running;
    const mine = work();
    this.#underWay.set(name, mine);
    try {
      return await mine;
    } finally {
      this.#underWay.delete(name); // S1
    }
  }
}
