import { describe, expect, test } from 'vitest';
import { ModelGit } from './git.ts';

function world() {
  const git = new ModelGit();
  const remote = git.createRemote('web');
  const patch = (owner: string, index: number, paths: string[], breaks: string[] = []) =>
    git.patch({ id: `${owner}#${index}`, owner, index, paths, breaks }).id;
  return { git, remote, patch };
}

describe('the modelled git', () => {
  test('a push moves the target only from where the pusher saw it', () => {
    const { git, remote, patch } = world();
    const first = git.commit([remote.tip], [patch('a', 1, ['x'])]);
    const second = git.commit([remote.tip], [patch('b', 1, ['y'])]);
    const seen = remote.tip;
    expect(git.push(remote, first, seen, 'town')).toBe(true);
    expect(git.push(remote, second, seen, 'town')).toBe(false);
    expect(remote.tip).toBe(first);
  });

  test('a merge has both sides as ancestors and both contents', () => {
    const { git, remote, patch } = world();
    const ours = git.commit([remote.tip], [patch('a', 1, ['x'])]);
    const theirs = git.commit([remote.tip], [patch('b', 1, ['y'])]);
    const merged = git.commit([theirs, ours], []);
    expect(git.isAncestor(ours, merged)).toBe(true);
    expect(git.isAncestor(merged, ours)).toBe(false);
    expect([...git.get(merged).patches].toSorted()).toEqual(['a#1', 'b#1']);
  });

  test('a gate judges the content: a later patch of the same owner repairs an earlier one', () => {
    const { git, remote, patch } = world();
    const broken = git.commit([remote.tip], [patch('a', 1, ['x'], ['unit'])]);
    const repaired = git.commit([broken], [patch('a', 2, ['x'])]);
    expect(git.passes(broken, 'unit')).toBe(false);
    expect(git.passes(broken, 'lint')).toBe(true);
    expect(git.passes(repaired, 'unit')).toBe(true);
  });

  test('two changes of one path conflict, a merge of the target ends the conflict', () => {
    const { git, remote, patch } = world();
    const ours = git.commit([remote.tip], [patch('a', 1, ['x'])]);
    const theirs = git.commit([remote.tip], [patch('b', 1, ['x'])]);
    const overlap = (head: typeof ours) =>
      git.overlap(git.between(theirs, head), git.between(head, theirs));
    expect(overlap(ours)).toEqual(['x']);
    expect(overlap(git.commit([ours, theirs], [patch('a', 2, ['x'])]))).toEqual([]);
  });

  test('a branch of ours only grows, from where the pusher saw it', () => {
    const { git, remote, patch } = world();
    const first = git.commit([remote.tip], [patch('a', 1, ['x'])]);
    const second = git.commit([first], [patch('a', 2, ['x'])]);
    expect(git.pushBranch(remote, 'gt/a', first, null)).toBe(true);
    expect(git.pushBranch(remote, 'gt/a', second, null)).toBe(false);
    expect(git.pushBranch(remote, 'gt/a', second, first)).toBe(true);
    git.moveBranch(remote, 'gt/a', remote.tip);
    expect(git.pushBranch(remote, 'gt/a', second, first)).toBe(false);
    expect(() => git.pushBranch(remote, 'gt/a', git.commit([], []), remote.tip)).toThrow('grows');
  });
});
