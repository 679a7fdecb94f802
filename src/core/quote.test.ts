/** Text of others, set apart and shortened. */
import { describe, expect, test } from 'vitest';
import { fenced, lastLines, oneLine, shorten } from './quote.ts';

describe('text of others', () => {
  test('cannot end the fence it stands in', () => {
    expect(fenced('a\n```\nb')).toBe('````text\na\n```\nb\n````');
    expect(fenced('``````')).toBe('```````text\n``````\n```````');
    expect(fenced('plain\n\n')).toBe('```text\nplain\n```');
  });

  test('loses colours, titles and control characters, and nothing else', () => {
    const output =
      '\u001B[1;31mred\u001B[0m\n[INFO] \u001B]0;title\u0007kept\n\t[1] \u0000x\u202E\r\ny';
    expect(fenced(output)).toBe('```text\nred\n[INFO] kept\n\t[1] x\ny\n```');
    expect(lastLines(output, 3)).toBe('[INFO] kept\n\t[1] x\ny');
    expect(oneLine(output, 100)).toBe('red [INFO] kept [1] x y');
  });

  test('keeps its beginning and its end when it is shortened', () => {
    const text = `begin ${'x'.repeat(1000)} end`;
    expect(shorten(text, 30)).toBe(
      'begin xxxx\n[… 980 characters left out …]\nxxxxxxxxxxxxxxxx end',
    );
    expect(shorten('short', 30)).toBe('short');
  });

  test('is cut where its room on a line ends', () => {
    expect(oneLine('one two three', 8)).toBe('one two…');
    expect(lastLines(`a\n${'x'.repeat(500)}\n\n \n`, 2)).toBe(`a\n${'x'.repeat(240)}…`);
  });
});
