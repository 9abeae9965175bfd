import { request } from '../rest/http.js';
import { Problem } from '../rest/problem.js';
import { randomSecret, s256Challenge } from './pkce.js';
import { readClaims } from './token.js';

/**
 * @typedef {{ issuer: string, clientId: string, scope: string }} Provider  from `/sign-in.json`
 * @typedef {{ state: string, nonce: string, verifier: string, returnTo: string }} PendingSignIn
 * @typedef {{ token: string, refreshToken: string|null }} Tokens
 *
 * @typedef {object} Environment  of the browser; tests supply their own
 * @property {typeof fetch} fetch
 * @property {Pick<Storage, 'getItem'|'setItem'|'removeItem'>} storage  of this tab, kept across the redirect
 * @property {string} redirectUri
 * @property {() => number} now  milliseconds since 1970
 */

const STORAGE_KEY = 'waybill.sign-in';
const CLOCK_SKEW = 60_000; // milliseconds

/**
 * OpenID Connect's authorization code flow with PKCE, as a public client without a secret. The services take the
 * access token, which must be a JWT for their audience.
 *
 * Source: OpenID Connect Core 1.0, 3.1; RFC 7636; RFC 9207 for `iss` in the response.
 */
export class OIDCClient {
  #provider;
  #environment;
  /** @type {Promise<Record<string, string>>|null} */
  #configuration = null;

  /** @param {Provider} provider @param {Environment} environment */
  constructor(provider, environment) {
    this.#provider = provider;
    this.#environment = environment;
  }

  /**
   * @param {string} returnTo fragment to show after the sign-in
   * @returns {Promise<string>} the authorization URL
   */
  async startSignIn(returnTo) {
    const { authorization_endpoint: endpoint = '' } = await this.#discovered();
    const pending = { state: randomSecret(), nonce: randomSecret(), verifier: randomSecret(), returnTo };
    this.#environment.storage.setItem(STORAGE_KEY, JSON.stringify(pending));
    const url = new URL(endpoint);
    const query = {
      response_type: 'code', client_id: this.#provider.clientId, redirect_uri: this.#environment.redirectUri,
      scope: this.#provider.scope, state: pending.state, nonce: pending.nonce,
      code_challenge: await s256Challenge(pending.verifier), code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url.href;
  }

  /**
   * Completes a sign-in that this tab started.
   * @param {URLSearchParams} response of the provider
   * @returns {Promise<Tokens & { returnTo: string }>}
   */
  async completeSignIn(response) {
    const pending = this.#takePending();
    if (!pending || response.get('state') !== pending.state) throw new Problem(400, 'This sign-in was not started here. Please try again.');
    const iss = response.get('iss');
    if (iss !== null && iss !== this.#provider.issuer) throw new Problem(400, 'The response came from another issuer.');
    const error = response.get('error');
    if (error) throw new Problem(400, error === 'access_denied' ? 'The sign-in was refused.' : 'The sign-in failed.');
    const tokens = await this.#tokens({
      grant_type: 'authorization_code', code: response.get('code') ?? '', redirect_uri: this.#environment.redirectUri,
      code_verifier: pending.verifier,
    });
    this.#checkIDToken(tokens.idToken, pending.nonce);
    return { ...tokens, returnTo: pending.returnTo };
  }

  /** @param {string} refreshToken @returns {Promise<Tokens>} the refresh token may have been rotated */
  async refresh(refreshToken) {
    const tokens = await this.#tokens({ grant_type: 'refresh_token', refresh_token: refreshToken });
    return { token: tokens.token, refreshToken: tokens.refreshToken ?? refreshToken };
  }

  /** @returns {Promise<string|null>} ends the provider's own session; null when it has no such endpoint */
  async endSessionURL() {
    const { end_session_endpoint: endpoint } = await this.#discovered();
    if (!endpoint) return null;
    const url = new URL(endpoint);
    url.searchParams.set('client_id', this.#provider.clientId);
    url.searchParams.set('post_logout_redirect_uri', this.#environment.redirectUri);
    return url.href;
  }

  /**
   * Removes the pending sign-in, so that a response is accepted once.
   * @returns {PendingSignIn|null}
   */
  #takePending() {
    const text = this.#environment.storage.getItem(STORAGE_KEY);
    this.#environment.storage.removeItem(STORAGE_KEY);
    return JSON.parse(text ?? 'null');
  }

  /**
   * The signature is not checked: the ID token came from the provider over TLS (Core, 3.1.3.7, 6).
   * @param {unknown} idToken @param {string} nonce
   */
  #checkIDToken(idToken, nonce) {
    const { issuer, clientId } = this.#provider;
    const claims = typeof idToken === 'string' ? readClaims(idToken) : null;
    const isValid = claims !== null && claims.iss === issuer && [claims.aud].flat().includes(clientId) && claims.nonce === nonce
      && claims.exp * 1000 > this.#environment.now() - CLOCK_SKEW;
    if (!isValid) throw new Problem(400, 'The ID token is not for this sign-in.');
  }

  /** @param {Record<string, string>} grant */
  async #tokens(grant) {
    const { token_endpoint: endpoint = '' } = await this.#discovered();
    const response = await this.#json(endpoint, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
      body: new URLSearchParams({ ...grant, client_id: this.#provider.clientId }).toString(),
    });
    if (typeof response.access_token !== 'string') throw new Problem(400, 'The sign-in service issued no token.');
    return {
      token: response.access_token, idToken: response.id_token,
      refreshToken: typeof response.refresh_token === 'string' ? response.refresh_token : null,
    };
  }

  #discovered() {
    this.#configuration ??= this.#discover().catch((error) => {
      this.#configuration = null;
      throw error;
    });
    return this.#configuration;
  }

  async #discover() {
    const { issuer } = this.#provider;
    const configuration = await this.#json(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {});
    if (configuration.issuer !== issuer) throw new Problem(400, 'The sign-in service reports another issuer.');
    return configuration;
  }

  /** @param {string} url @param {RequestInit} options @returns {Promise<any>} */
  async #json(url, options) {
    const response = await request(url, options, 'The sign-in service', this.#environment.fetch);
    let body;
    try {
      body = await response.json();
    } catch {
      throw new Problem(response.ok ? 0 : response.status, 'The sign-in service sent an invalid response.');
    }
    if (!response.ok) throw new Problem(response.status, 'The sign-in service refused the request. Please sign in again.');
    return body;
  }
}
