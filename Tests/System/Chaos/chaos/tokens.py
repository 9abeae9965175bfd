"""Tokens as the development profile takes them: HS256 with the stack's key."""

import base64
import hashlib
import hmac
import json
import time


def mint(jwt, user, seconds=3600):
    now = int(time.time())
    claims = {"iss": jwt["issuer"], "aud": jwt["audience"], "sub": user, "iat": now, "exp": now + seconds}
    signed = f"{encode({'alg': 'HS256', 'typ': 'JWT'})}.{encode(claims)}"
    tag = hmac.new(jwt["secret"].encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{unpadded(tag)}"


def encode(content):
    return unpadded(json.dumps(content, separators=(",", ":")).encode())


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
