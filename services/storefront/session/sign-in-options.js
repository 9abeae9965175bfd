import { deadline } from '../rest/deadline.js';
import { Problem } from '../rest/problem.js';
import { OIDC } from './oidc.js';

/** @typedef {{ development: boolean, oidc: import('./oidc.js').Issuer|null }} Ways  the ways to sign in here */

/** What the edge says of signing in (`/sign-in.json`). @returns {Promise<Ways>} */
export async function ways() {
  try {
    const response = await fetch('/sign-in.json', { cache: 'no-cache', signal: deadline(10_000) });
    if (!response.ok) throw new Problem(response.status, 'The service cannot be reached.');
    return await response.json();
  } catch (error) {
    throw error instanceof Problem ? error : new Problem(0, 'The service cannot be reached.');
  }
}

/** The configured issuer, as this page's. @returns {Promise<OIDC>} */
export async function issuer() {
  const { oidc } = await ways();
  if (!oidc) throw new Problem(404, 'There is no sign-in service here.');
  return new OIDC(oidc, {
    fetch: (url, options) => fetch(url, options), storage: sessionStorage,
    redirectUri: location.origin + location.pathname, now: () => Date.now(),
  });
}

/**
 * A token for whoever asks; only the development profile has it.
 * @param {string} userId @param {string[]} roles
 * @returns {Promise<string>}
 */
export async function developmentToken(userId, roles) {
  let response;
  try {
    response = await fetch('/dev/token', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(roles.length ? { userId, roles } : { userId }),
      signal: deadline(10_000),
    });
  } catch {
    throw new Problem(0, 'The sign-in service cannot be reached.');
  }
  if (response.status === 404) throw new Problem(404, 'This server gives no development tokens.');
  if (!response.ok) throw await Problem.of(response);
  return (await response.json()).token;
}
