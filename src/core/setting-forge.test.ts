/** Forges of a town's own, as they are set. */
import { expect, test } from 'vitest';
import { parseSettingText, resolveSettings, rigScopeProblem } from './setting-definitions.ts';

const usual = { apiBase: null, sshHost: null, allowHttp: false };

test('a forge is named by its provider and address', () => {
  const parsed = parseSettingText('forge.instances', 'github=https://git.example.com');
  const one = { provider: 'github', url: 'https://git.example.com', ...usual };
  expect(parsed).toEqual({ ok: true, value: [one] });
  const two = parseSettingText(
    'forge.instances',
    JSON.stringify([{ provider: 'gitlab', url: 'https://git.example.com/lab', sshHost: 'ssh.x' }]),
  );
  expect(two).toMatchObject({ ok: true, value: [{ provider: 'gitlab', sshHost: 'ssh.x' }] });
});

test.each([
  ['another provider', 'sourcehut=https://git.example.com'],
  ['no scheme', 'github=git.example.com'],
  ['another scheme', 'github=file:///etc/passwd'],
  ['a login in it', 'github=https://me:secret@git.example.com'],
  ['a query', 'github=https://git.example.com/?token=x'],
  ['an unknown field', '[{"provider":"github","url":"https://x.example","tokn":"x"}]'],
])('with %s is refused', (_, typed) => {
  expect(parseSettingText('forge.instances', typed).ok).toBe(false);
});

test('forges are the whole town’s; the machine’s login may be turned off for a rig', () => {
  expect(rigScopeProblem('forge.instances')).not.toBeNull();
  const settings = resolveSettings({}, { 'credentials.machine': false });
  expect(settings['credentials.machine']).toBe(false);
});
