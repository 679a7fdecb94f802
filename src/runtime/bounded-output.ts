/**
 * The output of a command, bounded while it arrives: the beginning and the end are kept, what is
 * between is counted. A command that prints without end costs no more memory than the bound.
 */

export class BoundedOutput {
  readonly #headMax: number;
  readonly #tailMax: number;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #dropped = 0;

  constructor(bytesMax: number) {
    this.#headMax = Math.floor(bytesMax / 2);
    this.#tailMax = bytesMax - this.#headMax;
  }

  add(chunk: Buffer): void {
    const room = this.#headMax - this.#headBytes;
    if (room > 0) {
      // Copied: a slice would keep the whole chunk alive.
      this.#head.push(Buffer.from(chunk.subarray(0, room)));
      this.#headBytes += Math.min(room, chunk.length);
    }
    if (chunk.length > room) this.#addTail(Buffer.from(chunk.subarray(Math.max(room, 0))));
  }

  get bytes(): number {
    return this.#headBytes + this.#tailBytes + this.#dropped;
  }

  toBuffer(): Buffer {
    const tail = Buffer.concat(this.#tail);
    const over = Math.max(tail.length - this.#tailMax, 0);
    const left = this.#dropped + over;
    const note = left === 0 ? '' : `\n… ${left} bytes left out …\n`;
    return Buffer.concat([...this.#head, Buffer.from(note), tail.subarray(over)]);
  }

  toString(): string {
    return this.toBuffer().toString('utf8');
  }

  #addTail(chunk: Buffer): void {
    this.#tail.push(chunk);
    this.#tailBytes += chunk.length;
    while (this.#tail.length > 1) {
      const first = this.#tail[0]?.length ?? 0;
      if (this.#tailBytes - first < this.#tailMax) break;
      this.#tail.shift();
      this.#tailBytes -= first;
      this.#dropped += first;
    }
    if (this.#tail.length > 1024) this.#tail = [Buffer.concat(this.#tail)];
  }
}
