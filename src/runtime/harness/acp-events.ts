/**
 * What an agent reports while it works, in the few kinds the runner knows. Everything else an
 * agent sends is ignored: unknown kinds are no error.
 */
import type { UsageReport } from '../usage-meter.ts';
import { countOf, fieldsOf, listOf, textOf, type Fields } from './fields.ts';

export type AgentEvent =
  | { readonly kind: 'message' | 'thought' | 'plan' | 'note'; readonly text: string }
  | {
      readonly kind: 'tool';
      readonly id: string;
      /** null: as before. */
      readonly title: string | null;
      readonly status: 'pending' | 'running' | 'completed' | 'failed' | null;
      readonly text: string;
    }
  | { readonly kind: 'usage'; readonly report: UsageReport };

const toolTextCharsMax = 4000;

/** The events of one `session/update`. */
export function eventsOf(params: unknown): readonly AgentEvent[] {
  const { update: raw } = fieldsOf(params);
  const update = fieldsOf(raw);
  const events: AgentEvent[] = [];
  switch (update['sessionUpdate']) {
    case 'agent_message_chunk':
      events.push(...said('message', update));
      break;
    case 'agent_thought_chunk':
      events.push(...said('thought', update));
      break;
    case 'tool_call':
    case 'tool_call_update':
      events.push(...tool(update));
      break;
    case 'plan':
      events.push({ kind: 'plan', text: planText(update) });
      break;
    case 'notice':
      events.push({ kind: 'note', text: textOf(update['message']) ?? '' });
      break;
    case 'usage_update':
      events.push({ kind: 'usage', report: contextUsage(update) });
      break;
    default:
      break;
  }
  const usage = metaUsage(update['_meta']);
  if (usage !== null) events.push({ kind: 'usage', report: usage });
  return events;
}

/** The usage in the answer to a prompt: the stable field, or what some agents put beside it. */
export function turnUsage(response: unknown): UsageReport | null {
  const answer = fieldsOf(response);
  const usage = fieldsOf(answer['usage']);
  const input = countOf(usage['inputTokens']);
  const output = countOf(usage['outputTokens']);
  if (input === null && output === null) return metaUsage(answer['_meta']);
  const cached =
    (countOf(usage['cachedReadTokens']) ?? 0) + (countOf(usage['cachedWriteTokens']) ?? 0);
  return {
    contextTokens: null,
    turn: { inputTokens: (input ?? 0) + cached, outputTokens: output ?? 0 },
    usd: null,
  };
}

function said(kind: 'message' | 'thought', update: Fields): readonly AgentEvent[] {
  const text = textOf(fieldsOf(update['content'])['text']);
  return text === null || text === '' ? [] : [{ kind, text }];
}

function tool(update: Fields): readonly AgentEvent[] {
  const id = textOf(update['toolCallId']);
  if (id === null) return [];
  return [
    {
      kind: 'tool',
      id,
      title: textOf(update['title']),
      status: statusOf(update['status']),
      text: shorten(listOf(update['content']).map(contentText).join('\n'), toolTextCharsMax),
    },
  ];
}

function statusOf(status: unknown): 'pending' | 'running' | 'completed' | 'failed' | null {
  if (status === 'in_progress') return 'running';
  return status === 'pending' || status === 'completed' || status === 'failed' ? status : null;
}

function contentText(piece: unknown): string {
  const content = fieldsOf(piece);
  if (content['type'] === 'diff') {
    const before = textOf(content['oldText']) ?? '';
    const after = textOf(content['newText']) ?? '';
    return `${textOf(content['path']) ?? ''}\n${marked('-', before)}${marked('+', after)}`;
  }
  return textOf(fieldsOf(content['content'])['text']) ?? '';
}

function marked(mark: string, text: string): string {
  if (text === '') return '';
  return text
    .slice(0, toolTextCharsMax)
    .split('\n')
    .map((line) => `${mark}${line}\n`)
    .join('');
}

function planText(update: Fields): string {
  return listOf(update['entries'])
    .map((raw) => {
      const entry = fieldsOf(raw);
      const mark = entry['status'] === 'completed' ? 'x' : ' ';
      return `[${mark}] ${textOf(entry['content']) ?? ''}`;
    })
    .join('\n');
}

function contextUsage(update: Fields): UsageReport {
  const cost = fieldsOf(update['cost']);
  const inDollars = cost['currency'] === undefined || cost['currency'] === 'USD';
  return {
    contextTokens: countOf(update['used']),
    turn: null,
    usd: inDollars ? countOf(cost['amount']) : null,
  };
}

/** `_meta.usage` of one agent, `_meta.quota.token_count` of another. */
function metaUsage(raw: unknown): UsageReport | null {
  const meta = fieldsOf(raw);
  const usage = fieldsOf(meta['usage'] ?? fieldsOf(meta['quota'])['token_count']);
  const input = countOf(usage['input_tokens'] ?? usage['inputTokens']);
  const output = countOf(usage['output_tokens'] ?? usage['outputTokens']);
  if (input === null && output === null) return null;
  return {
    contextTokens: null,
    turn: { inputTokens: input ?? 0, outputTokens: output ?? 0 },
    usd: null,
  };
}

/** Cut from the middle, where the least is lost. */
export function shorten(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const half = Math.floor((charsMax - 20) / 2);
  return `${text.slice(0, half)}\n… shortened …\n${text.slice(-half)}`;
}
