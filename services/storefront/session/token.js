/**
 * @typedef {object} TokenInfo
 * @property {string} userId
 * @property {string[]} roles
 * @property {string} token
 * @property {number} expiresAt  milliseconds since 1970
 * @property {number} renewAt  milliseconds since 1970
 */

/**
 * Reads a token without verifying it; the services verify it. The renewal is due after 80 % of the lifetime, which
 * leaves time for failed attempts.
 * @param {string} token
 * @param {number} now milliseconds since 1970
 * @returns {TokenInfo|null} null for a malformed token
 */
export function readToken(token, now) {
  const claims = readClaims(token);
  if (!claims) return null;
  const expiresAt = claims.exp * 1000;
  if (typeof claims.sub !== 'string' || !Number.isFinite(expiresAt)) return null;
  const issuedAt = Number.isFinite(claims.iat) ? claims.iat * 1000 : now;
  const roles = [claims.roles ?? []].flat().filter((role) => typeof role === 'string');
  return { userId: claims.sub, roles, token, expiresAt, renewAt: issuedAt + (expiresAt - issuedAt) * 0.8 };
}

/**
 * The claims of a JWT, unverified.
 * @param {string} token @returns {any} null for a malformed token
 */
export function readClaims(token) {
  try {
    const claims = JSON.parse(decodeText(token.split('.')[1] ?? ''));
    return typeof claims === 'object' ? claims : null;
  } catch {
    return null;
  }
}

/** @param {string} base64url */
function decodeText(base64url) {
  const bytes = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
}
