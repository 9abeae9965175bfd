"""A minimal OpenID Connect issuer: authorization code with PKCE, single-use refresh tokens, end-session endpoint. It
signs with the stack's secret, which the services verify."""

import hashlib
import html
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from support import tokens

CLIENT = "storefront"


class Issuer:
    def __init__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.issuer = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.stack = None  # set once the stack runs
        self.lifetime = 3600  # of access tokens, in seconds
        self.roles = ()
        self.repeats_tokens = False  # whether a user's access token stays the same, as one without an id may
        self.issued = {}  # user → access token
        self.authorizations = {}  # code → authorization request
        self.refreshable = {}  # refresh token → user
        self.grants = []  # (grant type, status)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()

    def issue(self, user, nonce=None):
        refresh = secrets.token_urlsafe(24)
        self.refreshable[refresh] = user
        if not self.repeats_tokens or user not in self.issued:
            self.issued[user] = tokens.mint(self.stack.jwt, user, self.lifetime, self.roles)
        answer = {
            "access_token": self.issued[user], "token_type": "Bearer",
            "expires_in": self.lifetime, "refresh_token": refresh}
        if nonce:
            now = int(time.time())
            identity = {"iss": self.url, "aud": CLIENT, "sub": user, "iat": now, "exp": now + 300, "nonce": nonce}
            answer["id_token"] = tokens.sign(identity, self.stack.jwt["secret"])
        return answer

    def grant(self, form):
        """Status and document of the answer to a token request."""
        if form.get("client_id") != CLIENT:
            return 401, {"error": "invalid_client"}
        if form.get("grant_type") == "refresh_token":
            user = self.refreshable.pop(form.get("refresh_token"), None)
            return (200, self.issue(user)) if user else (400, {"error": "invalid_grant"})
        request = self.authorizations.pop(form.get("code"), None)
        challenge = tokens.base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not request or request["code_challenge"] != challenge or request["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        return 200, self.issue(request["user"], request["nonce"])


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers | {"Content-Type": kind, "Content-Length": len(data)}).items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "null"))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        issuer, split = self.server.issuer, urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        if split.path == "/.well-known/openid-configuration":
            self.answer(200, {
                "issuer": issuer.url, "authorization_endpoint": issuer.url + "/authorize",
                "token_endpoint": issuer.url + "/token", "end_session_endpoint": issuer.url + "/end-session"})
        elif split.path == "/authorize":
            hidden = "".join(f'<input type=hidden name="{html.escape(name)}" value="{html.escape(value)}">' for name, value in query.items())
            page = f"<!doctype html><html lang=en><title>Issuer</title><link rel=icon href=data:,><form action=/consent><label>Name <input name=user></label>{hidden}<button>Agree</button> <button name=refused value=1>Refuse</button></form></html>"
            self.answer(200, page.encode(), "text/html")
        elif split.path == "/consent":
            code = secrets.token_urlsafe(16)
            issuer.authorizations[code] = query
            result = {"error": "access_denied"} if query.get("refused") else {"code": code}
            self.answer(302, b"", Location=query["redirect_uri"] + "?" + urlencode(result | {"state": query["state"], "iss": issuer.url}))
        elif split.path == "/end-session":
            self.answer(302, b"", Location=query["post_logout_redirect_uri"])
        else:
            self.answer(404, {})

    def do_POST(self):
        issuer = self.server.issuer
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        status, document = issuer.grant(form)
        issuer.grants.append((form.get("grant_type"), status))
        self.answer(status, document)
