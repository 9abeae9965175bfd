import { session } from '../app/storage.js';
import { JSON_CONTENT, request } from '../rest/http.js';
import { Problem } from '../rest/problem.js';
import { OIDCClient } from './oidc.js';

/** In `localStorage`: the user id that the shop's sign-in offers again, until that user signs out. */
export const LAST_USER_KEY = 'waybill.last-user';

/** @typedef {{ development: boolean, oidc: import('./oidc.js').Provider|null }} SignInOptions */

/** @returns {Promise<SignInOptions>} as the edge serves them */
export async function signInOptions() {
  const response = await request('/sign-in.json', { cache: 'no-cache' }, 'The sign-in service');
  if (!response.ok) throw await Problem.from(response);
  return response.json();
}

/** @returns {Promise<OIDCClient>} a client of the configured provider */
export async function oidcClient() {
  const { oidc } = await signInOptions();
  if (!oidc) throw new Problem(404, 'No sign-in service is configured.');
  return new OIDCClient(oidc, {
    fetch, storage: session,
    redirectUri: location.origin + location.pathname, now: Date.now,
  });
}

/**
 * A token without a password; available in the development profile only.
 * @param {string} userId @param {string[]} roles
 * @returns {Promise<string>}
 */
export async function developmentToken(userId, roles) {
  const response = await request('/dev/token', {
    method: 'POST',
    headers: JSON_CONTENT,
    body: JSON.stringify(roles.length ? { userId, roles } : { userId }),
  }, 'The sign-in service');
  if (response.status === 404) throw new Problem(404, 'This server issues no development tokens.');
  if (!response.ok) throw await Problem.from(response);
  return (await response.json()).token;
}
