/**
 * GitHub's names for people, repositories, commits and branches. Complete as its OpenAPI
 * description demands: the contract test validates every answer against it.
 */
import type { ChangedFile, CommitInfo } from '../git-repository.ts';
import type { Access, User } from '../model.ts';
import type { Repo } from '../repo.ts';
import type { World } from '../world.ts';
import type { Urls } from './call.ts';

type Shape = Readonly<Record<string, unknown>>;

export function iso(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

export function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}

export function userShape(user: User, urls: Urls): Shape {
  const own = `${urls.api}/users/${encodeURIComponent(user.login)}`;
  return {
    login: user.login,
    id: user.id,
    node_id: `U_kgDO${user.id}`,
    avatar_url: `${urls.web}/avatars/u/${user.id}`,
    gravatar_id: '',
    url: own,
    html_url: `${urls.web}/${user.login.replace('[bot]', '')}`,
    followers_url: `${own}/followers`,
    following_url: `${own}/following{/other_user}`,
    gists_url: `${own}/gists{/gist_id}`,
    starred_url: `${own}/starred{/owner}{/repo}`,
    subscriptions_url: `${own}/subscriptions`,
    organizations_url: `${own}/orgs`,
    repos_url: `${own}/repos`,
    events_url: `${own}/events{/privacy}`,
    received_events_url: `${own}/received_events`,
    type: user.type,
    site_admin: false,
  };
}

export function ownUserShape(user: User, urls: Urls): Shape {
  return {
    ...userShape(user, urls),
    user_view_type: 'public',
    name: user.name,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: '2020-01-01T00:00:00Z',
    updated_at: '2020-01-01T00:00:00Z',
  };
}

/** The parts of a repository that are addresses. */
function repoUrls(repo: Repo, urls: Urls): Shape {
  const own = `${urls.api}/repos/${repo.fullName}`;
  const plain = [
    'comments:comments{/number}',
    'contributors',
    'deployments',
    'downloads',
    'events',
    'forks',
    'hooks',
    'languages',
    'merges',
    'stargazers',
    'subscribers',
    'subscription',
    'tags',
    'teams',
    'releases:releases{/id}',
    'assignees:assignees{/user}',
    'branches:branches{/branch}',
    'collaborators:collaborators{/collaborator}',
    'commits:commits{/sha}',
    'compare:compare/{base}...{head}',
    'contents:contents/{+path}',
    'blobs:git/blobs{/sha}',
    'git_commits:git/commits{/sha}',
    'git_refs:git/refs{/sha}',
    'git_tags:git/tags{/sha}',
    'trees:git/trees{/sha}',
    'archive:{archive_format}{/ref}',
    'issue_comment:issues/comments{/number}',
    'issue_events:issues/events{/number}',
    'issues:issues{/number}',
    'keys:keys{/key_id}',
    'labels:labels{/name}',
    'milestones:milestones{/number}',
    'notifications:notifications{?since,all,participating}',
    'pulls:pulls{/number}',
    'statuses:statuses/{sha}',
  ];
  const addresses = plain.map((entry): [string, string] => {
    const [name = '', path = name] = entry.split(':');
    return [`${name}_url`, `${own}/${path}`];
  });
  return Object.fromEntries([['url', own], ...addresses]);
}

export function smallRepoShape(repo: Repo, urls: Urls): Shape {
  return {
    id: repo.id,
    node_id: repo.nodeId,
    name: repo.name,
    full_name: repo.fullName,
    private: repo.private,
    owner: userShape(repo.owner, urls),
    html_url: `${urls.web}/${repo.fullName}`,
    description: null,
    fork: false,
    ...repoUrls(repo, urls),
  };
}

export function repoShape(repo: Repo, urls: Urls, access: Access): Shape {
  const open = repo.pulls.filter(({ state }) => state === 'open').length;
  const web = `${urls.web}/${repo.fullName}`;
  return {
    ...smallRepoShape(repo, urls),
    created_at: iso(repo.createdAt),
    updated_at: iso(repo.updatedAt),
    pushed_at: iso(repo.pushedAt),
    git_url: `git:${web.replace(/^https?:/, '')}.git`,
    ssh_url: `git@devforge.invalid:${repo.fullName}.git`,
    clone_url: `${web}.git`,
    svn_url: web,
    homepage: null,
    size: 1,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: false,
    has_downloads: true,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks_count: 0,
    mirror_url: null,
    archived: repo.archived,
    disabled: false,
    open_issues_count: open,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    visibility: repo.private ? 'private' : 'public',
    forks: 0,
    open_issues: open,
    watchers: 0,
    default_branch: repo.defaultBranch,
    permissions: {
      admin: access === 'admin',
      maintain: access === 'admin',
      push: access === 'admin' || access === 'write',
      triage: access === 'admin' || access === 'write',
      pull: true,
    },
    ...mergeSettings(repo, access),
    network_count: 0,
    subscribers_count: 1,
  };
}

/** Only those who may push see how merging is set up. */
function mergeSettings(repo: Repo, access: Access): Shape {
  if (access !== 'admin' && access !== 'write') return {};
  return {
    allow_rebase_merge: repo.mergeMethods.includes('rebase'),
    allow_squash_merge: repo.mergeMethods.includes('squash'),
    allow_merge_commit: repo.mergeMethods.includes('merge'),
    allow_auto_merge: repo.allowAutoMerge,
    delete_branch_on_merge: repo.deleteBranchOnMerge,
    allow_update_branch: true,
  };
}

export function commitShape(commit: CommitInfo, repo: Repo, urls: Urls, world: World): Shape {
  const own = `${urls.api}/repos/${repo.fullName}`;
  const web = `${urls.web}/${repo.fullName}`;
  const person = (who: CommitInfo['author']): Shape | null => {
    const login = /\+([^@]+)@users\.noreply\.devforge\.invalid$/.exec(who.email)?.[1];
    const user = login === undefined ? undefined : world.users.get(login.toLowerCase());
    return user === undefined ? null : userShape(user, urls);
  };
  const signature = ({ name, email, at }: CommitInfo['author']): Shape => ({
    name,
    email,
    date: iso(at),
  });
  return {
    sha: commit.sha,
    node_id: `C_kwDO${commit.sha.slice(0, 20)}`,
    commit: {
      author: signature(commit.author),
      committer: signature(commit.committer),
      message: commit.message,
      tree: { sha: commit.tree, url: `${own}/git/trees/${commit.tree}` },
      url: `${own}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: {
        verified: false,
        reason: 'unsigned',
        signature: null,
        payload: null,
        verified_at: null,
      },
    },
    url: `${own}/commits/${commit.sha}`,
    html_url: `${web}/commit/${commit.sha}`,
    comments_url: `${own}/commits/${commit.sha}/comments`,
    author: person(commit.author),
    committer: person(commit.committer),
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${own}/commits/${sha}`,
      html_url: `${web}/commit/${sha}`,
    })),
  };
}

export function fileShape(file: ChangedFile, at: string, repo: Repo, urls: Urls): Shape {
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  const web = `${urls.web}/${repo.fullName}`;
  return {
    sha: file.sha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${web}/blob/${at}/${path}`,
    raw_url: `${web}/raw/${at}/${path}`,
    contents_url: `${urls.api}/repos/${repo.fullName}/contents/${path}?ref=${at}`,
  };
}

export function refShape(name: string, sha: string, repo: Repo, urls: Urls): Shape {
  const own = `${urls.api}/repos/${repo.fullName}/git`;
  return {
    ref: `refs/heads/${name}`,
    node_id: `REF_kwDO${Buffer.from(name).toString('hex').slice(0, 24)}`,
    url: `${own}/refs/heads/${name}`,
    object: { sha, type: 'commit', url: `${own}/commits/${sha}` },
  };
}
