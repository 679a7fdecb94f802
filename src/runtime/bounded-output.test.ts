/** What is kept of an output, whatever pieces it comes in. */
import { describe, expect, test } from 'vitest';
import { BoundedOutput } from './bounded-output.ts';

function keep(max: number, text: string, piece: number): BoundedOutput {
  const output = new BoundedOutput(max);
  for (let at = 0; at < text.length; at += piece) {
    output.add(Buffer.from(text.slice(at, at + piece)));
  }
  return output;
}

describe('an output', () => {
  test.each([1, 3, 7, 100])('that fits is whole, in pieces of %i', (piece) => {
    const text = '0123456789'.repeat(2);
    expect(keep(20, text, piece).toString()).toBe(text);
  });

  test.each([1, 3, 7, 1000])('that does not keeps both ends, in pieces of %i', (piece) => {
    const text = `begin${'x'.repeat(990)}ended`;
    const output = keep(10, text, piece);
    expect(output.toString()).toBe('begin\n… 990 bytes left out …\nended');
    expect(output.bytes).toBe(1000);
  });

  test('may be empty', () => {
    expect(new BoundedOutput(10).toString()).toBe('');
  });
});
