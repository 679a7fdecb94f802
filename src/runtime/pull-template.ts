/**
 * The repository's own template for pull requests, where its forge looks for one. Read from the
 * target as it was fetched, as data: what an agent's branch has there changes nothing.
 *
 * P1 The first place that has one counts. P2 A file that is too long, or no text, is none.
 */
import { limits } from '../core/limits.ts';
import type { ListDirectory, ReadFile } from './detect.ts';

const usual = /^pull_request_template\.(?:md|txt)$/i;

/** In the order in which forges look. GitHub, GitLab, Gitea and Forgejo */
const places: readonly (readonly [string, RegExp])[] = [
  ['.github', usual],
  ['.gitlab/merge_request_templates', /^default\.md$/i],
  ['.forgejo', usual],
  ['.gitea', usual],
  ['', usual],
  ['docs', usual],
];

export async function pullTemplate(read: ReadFile, list: ListDirectory): Promise<string | null> {
  for (const [directory, name] of places) {
    const file = (await list(directory)).find((entry) => name.test(entry));
    if (file === undefined) continue;
    const text = await read(directory === '' ? file : `${directory}/${file}`); // P1
    const isText = text !== null && text.length <= limits.pullTemplateCharsMax;
    return isText && !text.includes('\0') && text.trim() !== '' ? text : null; // P2
  }
  return null;
}
