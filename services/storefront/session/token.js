/**
 * @typedef {object} Credentials
 * @property {string} userId
 * @property {string[]} roles
 * @property {string} token
 * @property {number} expiresAt  milliseconds since 1970
 * @property {number} refreshAt  when to get the next one
 */

/**
 * Credentials of a token, with the time at which the next is due: after four fifths of its life, which leaves time
 * for attempts that fail. The token is read, not verified: that is the services' business.
 * @param {string} token
 * @param {number} now milliseconds since 1970
 * @returns {Credentials|null} null for what is no token
 */
export function credentials(token, now) {
  const said = claims(token);
  if (!said) return null;
  const expiresAt = said.exp * 1000;
  if (typeof said.sub !== 'string' || !Number.isFinite(expiresAt)) return null;
  const issuedAt = Number.isFinite(said.iat) ? said.iat * 1000 : now;
  const roles = [said.roles ?? []].flat().filter((role) => typeof role === 'string');
  return { userId: said.sub, roles, token, expiresAt, refreshAt: issuedAt + (expiresAt - issuedAt) * 0.8 };
}

/**
 * What a JWT says, unverified.
 * @param {string} token @returns {any} null for what is no token
 */
export function claims(token) {
  try {
    const said = JSON.parse(text(token.split('.')[1] ?? ''));
    return typeof said === 'object' ? said : null;
  } catch {
    return null;
  }
}

/** @param {string} base64url */
function text(base64url) {
  const bytes = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
}
