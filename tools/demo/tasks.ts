/**
 * The three tasks of the demonstration, each with the script the built-in agent follows.
 *
 * T1 `addTask` is plain. `useTask` fails its test unless `addTask` has landed before it starts.
 * T2 `fixTask` hands in a mistake first: its gate fails, and the second round repairs it.
 */
export interface DemoTask {
  readonly title: string;
  readonly body: string;
}

export const addTask: DemoTask = task('Greet people in Danish', 'The word is "hej".', [
  { say: 'I add the greeting and a test for it.' },
  { write: { path: 'greetings/danish', text: 'hej\n' } },
  { write: { path: 'tests/danish.sh', text: '[ "$(./greet danish)" = "hej, world" ]\n' } },
  { commit: 'Greet people in Danish' },
  { done: 'There is a Danish greeting, and a test.' },
]);

export const useTask: DemoTask = task('Greet in Danish by default', 'Needs the Danish greeting.', [
  { say: 'The greeting is there, so it can become the default.' },
  { write: { path: 'default', text: 'danish\n' } },
  { write: { path: 'tests/default.sh', text: '[ "$(./greet)" = "hej, world" ]\n' } },
  { commit: 'Greet in Danish by default' },
  { done: 'The default greeting is Danish.' },
]);

export const fixTask: DemoTask = task(
  'Greet people in Spanish',
  'The word is "hola".',
  [
    { say: 'I add the greeting and a test for it.' },
    { write: { path: 'greetings/spanish', text: 'olha\n' } },
    { write: { path: 'tests/spanish.sh', text: '[ "$(./greet spanish)" = "hola, world" ]\n' } },
    { commit: 'Greet people in Spanish' },
    { done: 'There is a Spanish greeting, and a test.' },
  ],
  [
    { say: 'The test is right: I misspelt the word.' },
    { write: { path: 'greetings/spanish', text: 'hola\n' } },
    { commit: 'Spell the Spanish greeting' },
    { done: 'The word is spelt as the test expects.' },
  ],
);

type Step = Readonly<Record<string, unknown>>;

function task(title: string, words: string, ...rounds: readonly (readonly Step[])[]): DemoTask {
  const steps = rounds.map((round) => round.map((step) => JSON.stringify(step)).join('\n'));
  const script = steps.join('\n--- round\n');
  return { title, body: `${words}\n\n\`\`\`gastown-script\n${script}\n\`\`\`\n` };
}
