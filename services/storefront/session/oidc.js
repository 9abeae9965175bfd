import { deadline } from '../rest/deadline.js';
import { Problem } from '../rest/problem.js';
import { challenge, secret } from './pkce.js';
import { claims } from './token.js';

/**
 * @typedef {{ issuer: string, clientId: string, scope: string }} Issuer  from `/sign-in.json`
 * @typedef {{ state: string, nonce: string, verifier: string, returnTo: string }} Begun
 * @typedef {{ token: string, refreshToken: string|null }} Tokens
 *
 * @typedef {object} Surroundings  what a browser gives; the tests bring their own
 * @property {typeof fetch} fetch
 * @property {Pick<Storage, 'getItem'|'setItem'|'removeItem'>} storage  of this tab: it outlives the redirect
 * @property {string} redirectUri
 * @property {() => number} now  milliseconds since 1970
 */

const KEY = 'waybill.sign-in';
const CLOCK_SKEW = 60_000; // milliseconds

/**
 * Signing in with an OpenID Connect issuer: authorization code flow with PKCE, as a public client that keeps no
 * secret. The access token is what the services take; it must be a JWT of the audience that they expect.
 *
 * Source: OpenID Connect Core 1.0, 3.1; RFC 7636; RFC 9207 for `iss` in the answer.
 */
export class OIDC {
  #issuer;
  #around;
  /** @type {Promise<Record<string, string>>|null} */
  #discovery = null;

  /** @param {Issuer} issuer @param {Surroundings} around */
  constructor(issuer, around) {
    this.#issuer = issuer;
    this.#around = around;
  }

  /**
   * Begins a sign-in.
   * @param {string} returnTo where the page is to be afterwards
   * @returns {Promise<string>} the address to go to
   */
  async begin(returnTo) {
    const { authorization_endpoint: endpoint = '' } = await this.#discovered();
    const begun = { state: secret(), nonce: secret(), verifier: secret(), returnTo };
    this.#around.storage.setItem(KEY, JSON.stringify(begun));
    const url = new URL(endpoint);
    const query = {
      response_type: 'code', client_id: this.#issuer.clientId, redirect_uri: this.#around.redirectUri,
      scope: this.#issuer.scope, state: begun.state, nonce: begun.nonce,
      code_challenge: await challenge(begun.verifier), code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url.href;
  }

  /**
   * Ends a sign-in that this tab began.
   * @param {URLSearchParams} answer of the issuer
   * @returns {Promise<Tokens & { returnTo: string }>}
   */
  async finish(answer) {
    const begun = this.#begun();
    if (!begun || answer.get('state') !== begun.state) throw new Problem(400, 'This sign-in was not begun here. Please try again.');
    const iss = answer.get('iss');
    if (iss !== null && iss !== this.#issuer.issuer) throw new Problem(400, 'The answer came from another issuer.');
    const error = answer.get('error');
    if (error) throw new Problem(400, error === 'access_denied' ? 'The sign-in was refused.' : 'The sign-in did not succeed.');
    const tokens = await this.#tokens({
      grant_type: 'authorization_code', code: answer.get('code') ?? '', redirect_uri: this.#around.redirectUri,
      code_verifier: begun.verifier,
    });
    this.#check(tokens.idToken, begun.nonce);
    return { ...tokens, returnTo: begun.returnTo };
  }

  /** @param {string} refreshToken @returns {Promise<Tokens>} issuers may give another refresh token each time */
  async refresh(refreshToken) {
    const tokens = await this.#tokens({ grant_type: 'refresh_token', refresh_token: refreshToken });
    return { token: tokens.token, refreshToken: tokens.refreshToken ?? refreshToken };
  }

  /** @returns {Promise<string|null>} where to go to end the issuer's own session; null when it has no such place */
  async farewell() {
    const { end_session_endpoint: endpoint } = await this.#discovered();
    if (!endpoint) return null;
    const url = new URL(endpoint);
    url.searchParams.set('client_id', this.#issuer.clientId);
    url.searchParams.set('post_logout_redirect_uri', this.#around.redirectUri);
    return url.href;
  }

  /** What was begun, once: an answer that comes a second time is worth nothing. @returns {Begun|null} */
  #begun() {
    const text = this.#around.storage.getItem(KEY);
    this.#around.storage.removeItem(KEY);
    return JSON.parse(text ?? 'null');
  }

  /**
   * The ID token came over TLS from the issuer itself, so its signature need not be checked (Core, 3.1.3.7, 6).
   * @param {unknown} idToken @param {string} nonce
   */
  #check(idToken, nonce) {
    const { issuer, clientId } = this.#issuer;
    const said = typeof idToken === 'string' ? claims(idToken) : null;
    const isOurs = said !== null && said.iss === issuer && [said.aud].flat().includes(clientId) && said.nonce === nonce
      && said.exp * 1000 > this.#around.now() - CLOCK_SKEW;
    if (!isOurs) throw new Problem(400, 'The issuer’s answer is not for this sign-in.');
  }

  /** @param {Record<string, string>} grant */
  async #tokens(grant) {
    const { token_endpoint: endpoint = '' } = await this.#discovered();
    const answer = await this.#json(endpoint, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
      body: new URLSearchParams({ ...grant, client_id: this.#issuer.clientId }).toString(),
    });
    if (typeof answer.access_token !== 'string') throw new Problem(400, 'The issuer gave no token.');
    return {
      token: answer.access_token, idToken: answer.id_token,
      refreshToken: typeof answer.refresh_token === 'string' ? answer.refresh_token : null,
    };
  }

  #discovered() {
    this.#discovery ??= this.#discover().catch((error) => {
      this.#discovery = null;
      throw error;
    });
    return this.#discovery;
  }

  async #discover() {
    const { issuer } = this.#issuer;
    const found = await this.#json(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {});
    if (found.issuer !== issuer) throw new Problem(400, 'The sign-in service says it is another.');
    return found;
  }

  /** @param {string} url @param {RequestInit} options @returns {Promise<any>} */
  async #json(url, options) {
    let response;
    try {
      response = await this.#around.fetch(url, { ...options, cache: 'no-store', signal: deadline(10_000) });
    } catch {
      throw new Problem(0, 'The sign-in service cannot be reached.');
    }
    let body;
    try {
      body = await response.json();
    } catch {
      throw new Problem(response.ok ? 0 : response.status, 'The sign-in service answered something else.');
    }
    if (!response.ok) throw new Problem(response.status, 'The sign-in service refused. Please sign in again.');
    return body;
  }
}
