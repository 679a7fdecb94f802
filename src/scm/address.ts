/**
 * Which addresses the HTTP door speaks to, told from the text of a URL alone.
 *
 * A1 `https:` only. `http:` is for a loopback address, or for an origin a person allowed by name.
 * A2 Link-local and metadata addresses never, however they are written: the URL parser has turned
 *    decimal, octal and hexadecimal forms into dots before this looks.
 * A3 A URL with a login in it, or a host with a dot at its end, is nobody's.
 */

/** Why it may not be spoken to, or null. */
export function refusedAddress(url: URL, httpOrigins: readonly string[]): string | null {
  if (url.username !== '' || url.password !== '') return 'a login in the address';
  if (url.hostname.endsWith('.')) return 'a dot at the end of the host';
  if (isMetadata(url.hostname)) return 'a link-local or metadata address';
  if (url.protocol === 'https:') return null;
  if (url.protocol !== 'http:') return `the scheme ${url.protocol}`;
  return isLoopback(url.hostname) || httpOrigins.includes(url.origin) ? null : 'http without TLS';
}

export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}

/** A2 */
function isMetadata(hostname: string): boolean {
  const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname);
  const dotted = mapped === null ? hostname : dots(mapped[1] ?? '', mapped[2] ?? '');
  return (
    dotted.startsWith('169.254.') ||
    dotted.startsWith('0.') ||
    dotted === '100.100.100.200' ||
    dotted === '192.0.0.192' ||
    /^\[fe[89ab][0-9a-f]:/.test(hostname) ||
    hostname.startsWith('[fd00:ec2:') ||
    hostname === '[::]' ||
    /(^|\.)metadata(\.google\.internal|\.goog)?$/.test(hostname)
  );
}

function dots(high: string, low: string): string {
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
}
