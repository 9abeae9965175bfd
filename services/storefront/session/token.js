/**
 * @typedef {object} TokenInfo
 * @property {string} userId
 * @property {string[]} roles
 * @property {string} token
 * @property {number} lifetime  milliseconds from the token's issue to its expiry
 */

const USUAL_LIFETIME = 300_000; // milliseconds, of a token that does not say when it was issued

/**
 * Reads a token without verifying it; the services verify it. The clock of this machine may be wrong, so that the token's
 * times are compared with each other alone.
 * @param {string} token
 * @returns {TokenInfo|null} null for a malformed token
 */
export function readToken(token) {
  const claims = readClaims(token);
  if (!claims || typeof claims.sub !== 'string' || !Number.isFinite(claims.exp)) return null;
  const lifetime = Number.isFinite(claims.iat) ? Math.max(0, claims.exp - claims.iat) * 1000 : USUAL_LIFETIME;
  const roles = [claims.roles ?? []].flat().filter((role) => typeof role === 'string');
  return { userId: claims.sub, roles, token, lifetime };
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
