/**
 * What is taken out of text before people, logs and prompts see it: the secrets in use whatever
 * they look like, and whatever looks like a secret whatever its length.
 */
import { describe, expect, test } from 'vitest';
import { Secret } from '../core/secret.ts';
import { redact } from './http.ts';

describe('redaction', () => {
  test('takes out live secrets of any form and length, also written as part of a URL', () => {
    const live = [new Secret('short'), new Secret('p@ss/word')];
    const said = redact('a short one, p@ss/word and p%40ss%2Fword', live);
    expect(said).toBe('a ‹secret› one, ‹secret› and ‹secret›');
  });

  test.each([
    ['ghp_x', 'a GitHub token of two letters'],
    [`ghs_${'eyJhbGciOi.'.repeat(60)}x`, 'a long stateless installation token'],
    ['gho_1', 'OAuth'],
    ['ghu_1', 'user'],
    ['ghr_1', 'refresh'],
    ['github_pat_11ABC_x', 'fine-grained'],
    ['glpat-abc.01.def', 'GitLab'],
    ['gloas-1', 'GitLab OAuth'],
    ['gldt-1', 'deploy'],
    ['glrt-1', 'runner'],
    ['glcbt-64_x', 'job'],
    ['eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2ln', 'a JWT'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', 'a key'],
    ['-----BEGIN PRIVATE KEY-----\nMIIE', 'a key that is cut off'],
  ])('takes out %s', (secret) => {
    expect(redact(`before ${secret} after`)).not.toContain(secret.slice(-6));
    expect(redact(`before ${secret}`)).toContain('before ');
  });

  test.each([
    ['Authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    ['"private-token": "abc"', 'abc'],
    ['https://user:p@ss@git.example.com/a', 'p@ss'],
    ['fatal: https://tok@git.example.com/a', 'tok@'],
  ])('takes the credential out of %s', (text, secret) => {
    expect(redact(text)).not.toContain(secret);
  });

  test('leaves plain text as it is', () => {
    const text = 'merge of https://git.example.com/a/b?x=1#@ by octocat@example.com';
    expect(redact(text)).toBe(text);
  });
});
