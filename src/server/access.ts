/**
 * Who may speak to the town: the three checks every request passes before anything else is read.
 * Plain values in and out, so that a host can apply them before the application is loaded.
 *
 * A1 The Host header names this server on loopback: a page of another name that resolves here
 *    (DNS rebinding) is refused.
 * A2 An Origin, if there is one, is our own: pages of other sites are refused.
 * A3 The bearer token is compared in time that does not depend on how much of it is right.
 */
import type { HttpProblemKind } from '../protocol/problem.ts';

export interface Access {
  readonly token: string;
  /** What a Host header may say, in lower case: `127.0.0.1:7717`. */
  readonly hosts: readonly string[];
}

export interface Credentials {
  readonly host: string | null;
  readonly origin: string | null;
  readonly authorization: string | null;
}

export interface AccessRefusal {
  readonly kind: Extract<HttpProblemKind, 'unauthorized' | 'host_refused' | 'origin_refused'>;
  readonly evidence: string;
}

/** What a loopback server on this port is called. */
export function loopbackHosts(port: number): readonly string[] {
  return [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
}

/** The first check that fails, or null. A1 A2 A3 */
export function refusalOf(access: Access, given: Credentials): AccessRefusal | null {
  return placeRefusal(access, given) ?? tokenRefusal(access, given);
}

/** A1 A2: without the token, for what anybody on this machine may know. */
export function placeRefusal(access: Access, given: Credentials): AccessRefusal | null {
  const host = given.host?.toLowerCase() ?? '';
  if (!access.hosts.includes(host)) {
    return { kind: 'host_refused', evidence: `Host: ${shown(given.host)}` };
  }
  if (given.origin !== null && given.origin.toLowerCase() !== `http://${host}`) {
    return { kind: 'origin_refused', evidence: `Origin: ${shown(given.origin)}` };
  }
  return null;
}

function tokenRefusal(access: Access, given: Credentials): AccessRefusal | null {
  const { authorization } = given;
  if (authorization === null) return { kind: 'unauthorized', evidence: 'no Authorization header' };
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) {
    return { kind: 'unauthorized', evidence: 'the Authorization header is not `Bearer <token>`' };
  }
  if (access.token === '' || !sameText(token, access.token)) {
    return { kind: 'unauthorized', evidence: 'the token is not this town’s' };
  }
  return null;
}

/** A3 */
function sameText(given: string, expected: string): boolean {
  let different = given.length ^ expected.length;
  for (let index = 0; index < expected.length; index += 1) {
    different |= (given.charCodeAt(index) || 0) ^ expected.charCodeAt(index);
  }
  return different === 0;
}

function shown(header: string | null): string {
  return header === null ? 'absent' : header.slice(0, 100);
}
