/**
 * Git's words for a login that was refused. Together with git-errors.ts the only place that
 * reads what git says.
 */
export const loginRefusals: readonly RegExp[] = [
  /could not read (Username|Password)|terminal prompts disabled/i,
  /Authentication failed|Access denied|Invalid username or password|returned error: 40[13]/i,
  /Permission denied \(|Permission to .* denied|Too many authentication failures/i,
  /unable to read askpass|invalid credentials|Bad credentials/i,
];

export function isLoginRefused(stderr: string): boolean {
  return loginRefusals.some((pattern) => pattern.test(stderr));
}
