"""What a login page hands to the hub after it has checked its user."""

import base64
import hashlib
import hmac
import json
import secrets
import time


def isthmus_assertion(key, hub, pending, sub, claims=None, groups=()):
    """A JWT, HS256, good for a minute and once.

    key: shared with the hub, 32 bytes or more. hub: its origin. pending: what the hub gave to the login page in the
    query "isthmus".
    """

    def encode(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    now = int(time.time())
    body = {
        "aud": hub,
        "sub": sub,
        "claims": claims or {},
        "groups": list(groups),
        "nonce": pending,
        "jti": secrets.token_hex(16),
        "iat": now,
        "exp": now + 60,
    }
    text = encode(b'{"alg":"HS256","typ":"JWT"}') + b"." + encode(json.dumps(body).encode())
    return (text + b"." + encode(hmac.digest(key.encode(), text, hashlib.sha256))).decode()
