/**
 * ACP's wire: one JSON message per line on an agent's stdin and stdout.
 *
 * W1 Lines are read only as fast as they are taken, so a flood fills the pipe and slows the agent
 *    down instead of filling our memory.
 * W2 `session/update` is handed over while its line is read: an update is always seen before the
 *    answer that follows it.
 * W3 A line that is no JSON object, or is too long, breaks the connection; nothing is guessed.
 */
import { StringDecoder } from 'node:string_decoder';
import type { Readable, Writable } from 'node:stream';
import type { AnyMessage, Stream } from '@agentclientprotocol/sdk';
import { limits } from '../../core/limits.ts';

export interface StreamListener {
  /** The params of a `session/update` notification. W2 */
  onUpdate(params: unknown): void;
  /** W3: the start of the line. Nothing is read after it. */
  onMalformed(line: string): void;
}

export function acpStream(stdin: Writable, stdout: Readable, listener: StreamListener): Stream {
  const lines = readLines(stdout);
  stdin.on('error', () => undefined); // the process's end is noticed where it is awaited
  const readable = new ReadableStream<AnyMessage>(
    {
      pull: async (controller) => {
        for (;;) {
          const next = await lines.next();
          if (next.done === true) return controller.close();
          const message = parseMessage(next.value);
          if (message === null) {
            listener.onMalformed(next.value.slice(0, 500));
            return controller.close();
          }
          if ('method' in message && message.method === 'session/update') {
            listener.onUpdate('params' in message ? message.params : undefined);
            continue;
          }
          return controller.enqueue(message);
        }
      },
    },
    { highWaterMark: 0 }, // W1
  );
  const writable = new WritableStream<AnyMessage>({
    write: (message) =>
      new Promise((resolve) => {
        stdin.write(`${JSON.stringify(message)}\n`, () => resolve());
      }),
  });
  return { readable, writable };
}

async function* readLines(stdout: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  let length = 0;
  try {
    for await (const chunk of stdout) {
      const pieces = decoder.write(Buffer.from(chunk)).split('\n');
      const rest = pieces.pop() ?? '';
      for (const piece of pieces) {
        const line = [...parts, piece].join('').trim();
        parts = [];
        length = 0;
        if (line !== '') yield line;
      }
      parts.push(rest);
      length += rest.length;
      if (length > limits.agentLineBytesMax) {
        yield parts.join(''); // too long to be taken for a message: no closing brace
        return;
      }
    }
  } catch {
    // The pipe broke: the process's end says why.
  }
  const last = parts.join('').trim();
  if (last !== '') yield last;
}

function parseMessage(line: string): AnyMessage | null {
  try {
    const message: AnyMessage = JSON.parse(line);
    return typeof message === 'object' && message !== null && !Array.isArray(message)
      ? message
      : null;
  } catch {
    return null;
  }
}
