/** Proof Key for Code Exchange (RFC 7636): only who began a sign-in can end it. */

/** 256 random bits, base64url: a code verifier, a state, a nonce. */
export function secret() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** @param {string} verifier @returns {Promise<string>} its S256 challenge */
export async function challenge(verifier) {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
