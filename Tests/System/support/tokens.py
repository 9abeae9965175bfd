"""Access tokens as the development profile accepts them: HS256 with the stack's secret."""

import base64
import hashlib
import hmac
import json
import time


def mint(jwt, user, seconds=3600, roles=(), secret=None):
    """A token of `user`; `jwt` is the entry of stack.json. Another `secret` makes it a forged one."""
    now = int(time.time())
    claims = {"iss": jwt["issuer"], "aud": jwt["audience"], "sub": user, "iat": now, "nbf": now, "exp": now + seconds}
    return sign(claims | ({"roles": list(roles)} if roles else {}), secret or jwt["secret"])


def sign(claims, secret):
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    text = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{text}.{base64url(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())}"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
