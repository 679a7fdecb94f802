/**
 * Every request the forge saw: the oracle for budgets, and for what was never asked.
 *
 * L1 A token is its name. Secrets, query values that look like one, and bodies are not kept.
 */
export interface LogEntry {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** `github`, `gitlab`, `gitea`, `git`, or `other`. */
  readonly provider: string;
  readonly token: string | null;
  readonly identity: string | null;
  /** The GraphQL operation, or the route. */
  readonly operation: string | null;
  /** null: it was never answered. */
  readonly status: number | null;
  /** What it cost: GraphQL points, or 1 for a counted REST request. */
  readonly points: number;
  readonly fault: string | null;
  readonly requestId: string;
}

export class RequestLog {
  readonly entries: LogEntry[] = [];

  add(entry: LogEntry): void {
    this.entries.push(entry);
  }

  /** Points and requests within a time, of one identity or of all. */
  spent(of: { identity?: string; provider?: string; since?: number; until?: number } = {}): {
    requests: number;
    points: number;
    graphqlPoints: number;
  } {
    const { identity, provider, since = -Infinity, until = Infinity } = of;
    const within = this.entries.filter(
      (entry) =>
        entry.at >= since &&
        entry.at < until &&
        (identity === undefined || entry.identity === identity) &&
        (provider === undefined || entry.provider === provider),
    );
    const sum = (some: readonly LogEntry[]): number => some.reduce((n, e) => n + e.points, 0);
    const graphql = within.filter(({ path }) => path.endsWith('/graphql'));
    return { requests: within.length, points: sum(within), graphqlPoints: sum(graphql) };
  }

  clear(): void {
    this.entries.length = 0;
  }
}
