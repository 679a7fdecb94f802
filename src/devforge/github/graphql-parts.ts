/**
 * What GitHub's GraphQL types have in common here: connections, people, and who may see what.
 *
 * P1 A source object answers only fields it has; any other asked field is an error by name, never
 *    a silent null. P2 What a token may not see is an error of type NOT_FOUND or FORBIDDEN at its
 *    place, and the rest of the answer stands.
 */
import { SAML } from '../faults.ts';
import type { Comment, Token, User } from '../model.ts';
import type { Pull } from '../pull.ts';
import type { Repo } from '../repo.ts';
import type { World } from '../world.ts';
import { granted, type Urls } from './call.ts';
import { typed } from './graphql-cost.ts';
import { association } from './pull-shapes.ts';
import { iso } from './shapes.ts';

/** P1: a value, or a function of the field's arguments. */
export type Source = Readonly<Record<string, unknown>>;
export type Args = Readonly<Record<string, unknown>>;

export interface Viewer {
  readonly world: World;
  readonly urls: Urls;
  readonly token: Token;
}

/** P2 */
export function mustSee(viewer: Viewer, repo: Repo | null, missing: string): Repo {
  if (repo === null || viewer.world.accessOf(viewer.token, repo) === 'none') {
    throw typed(missing, 'NOT_FOUND');
  }
  if (viewer.token.ssoRequired && repo.private) throw typed(SAML, 'FORBIDDEN');
  return repo;
}

/** P2 */
export function mustHave(
  viewer: Viewer,
  repo: Repo,
  permission: string,
  level: 'read' | 'write',
): void {
  const { token, world } = viewer;
  const access = world.accessOf(token, repo);
  const by = token.kind === 'installation' ? 'integration' : 'personal access token';
  const refuse = typed(`Resource not accessible by ${by}`, 'FORBIDDEN');
  if (level === 'write') {
    if (repo.archived) throw typed('Repository was archived so is read-only.', 'UNPROCESSABLE');
    if (access !== 'write' && access !== 'admin') throw refuse;
  }
  if (token.permissions === null) {
    if (level === 'write' && !token.scopes.some((s) => s === 'repo' || s === 'public_repo')) {
      throw typed('Your token has not been granted the required scopes.', 'INSUFFICIENT_SCOPES');
    }
    return;
  }
  const have = granted(token.permissions, permission);
  if (level === 'read' && (have !== undefined || !repo.private)) return;
  if (have !== 'write') throw refuse;
}

export function connection<T>(
  items: readonly T[],
  args: Args,
  source: (item: T) => unknown,
): Source {
  const [first, last] = [args['first'], args['last']];
  const start = cursorIn(args['after'], -1) + 1;
  const end = cursorIn(args['before'], items.length);
  let [from, to] = [start, end];
  if (typeof first === 'number') to = Math.min(to, from + first);
  if (typeof last === 'number') from = Math.max(from, to - last);
  const chosen = items.slice(from, to).map((item) => source(item));
  return {
    totalCount: items.length,
    nodes: chosen,
    edges: chosen.map((node, at) => ({ node, cursor: cursorOf(from + at) })),
    pageInfo: {
      hasNextPage: to < items.length,
      hasPreviousPage: from > 0,
      startCursor: chosen.length === 0 ? null : cursorOf(from),
      endCursor: chosen.length === 0 ? null : cursorOf(to - 1),
    },
  };
}

function cursorOf(at: number): string {
  return Buffer.from(`cursor:v2:${at}`).toString('base64');
}

function cursorIn(cursor: unknown, otherwise: number): number {
  if (typeof cursor !== 'string') return otherwise;
  const found = /^cursor:v2:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString('utf8'))?.[1];
  if (found === undefined) {
    throw typed(`\`${cursor}\` does not appear to be a valid cursor.`, 'INVALID_CURSOR_ARGUMENTS');
  }
  return Number(found);
}

export function personSource(user: User, urls: Urls): Source {
  const types = { User: 'User', Bot: 'Bot', Organization: 'Organization' } as const;
  return {
    __typename: types[user.type],
    id: `U_kgDO${user.id}`,
    databaseId: user.id,
    login: user.login.replace('[bot]', ''), // GraphQL drops the suffix, REST keeps it
    name: user.name,
    url: `${urls.web}/${user.login}`,
    resourcePath: `/${user.login}`,
    avatarUrl: `${urls.web}/avatars/u/${user.id}`,
    email: '',
  };
}

export function commentSource(
  comment: Comment,
  pull: Pull,
  type: 'IssueComment' | 'PullRequestReviewComment',
  viewer: Viewer,
): Source {
  const web = `${viewer.urls.web}/${pull.repo.fullName}/pull/${pull.number}`;
  const anchor = type === 'IssueComment' ? 'issuecomment-' : 'discussion_r';
  return {
    __typename: type,
    id: comment.nodeId,
    databaseId: comment.id,
    fullDatabaseId: String(comment.id),
    body: comment.body,
    bodyText: comment.body,
    createdAt: iso(comment.at),
    updatedAt: iso(comment.at),
    publishedAt: iso(comment.at),
    author: personSource(comment.author, viewer.urls),
    authorAssociation: association(comment.author, pull.repo),
    url: `${web}#${anchor}${comment.id}`,
    isMinimized: false,
    minimizedReason: null,
    includesCreatedEdit: false,
    reactionGroups: [],
    viewerDidAuthor: comment.author.id === viewer.token.user.id,
  };
}
