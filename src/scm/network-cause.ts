/**
 * Why a request got no answer, told from the error that `fetch` threw. Platforms name causes by
 * code in a chain of `cause`s; where none is known it counts as a connection that failed.
 *
 * N1 Codes only, never the words of a message: those name hosts and paths, and change.
 */
import type { PRStatusError } from '../core/pr-status.ts';

export type NetworkCause = Extract<PRStatusError, { kind: 'network_error' }>['cause'];

const CAUSES: Readonly<Record<string, NetworkCause>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  ECONNREFUSED: 'connect',
  EHOSTUNREACH: 'connect',
  ENETUNREACH: 'connect',
  EHOSTDOWN: 'connect',
  EADDRNOTAVAIL: 'connect',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_ABORTED: 'reset',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'reset',
};

/** OpenSSL's and Node's names for certificates and handshakes that fail. */
const TLS =
  /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;
const DEPTH_MAX = 5;

export function networkCause(thrown: unknown): NetworkCause {
  return search(thrown, 0) ?? 'connect';
}

function search(thrown: unknown, depth: number): NetworkCause | null {
  if (typeof thrown !== 'object' || thrown === null || depth > DEPTH_MAX) return null;
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  const known = CAUSES[code] ?? (TLS.test(code) ? 'tls' : null);
  if (known !== null) return known;
  if ('name' in thrown && thrown.name === 'TimeoutError') return 'timeout';
  // One error for each address a host has: the first that tells.
  if ('errors' in thrown && Array.isArray(thrown.errors)) {
    for (const each of thrown.errors) {
      const found = search(each, depth + 1);
      if (found !== null) return found;
    }
  }
  return 'cause' in thrown ? search(thrown.cause, depth + 1) : null;
}
