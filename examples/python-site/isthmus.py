"""Who is signed in, for a site of an Isthmus hub: verifies site tokens and receives the hub's back-channel logout.

Needs PyJWT with cryptography (Debian: python3-jwt, python3-cryptography).
"""

import json
import logging
import re
import threading
import time
import urllib.request

import jwt

TOKEN_LIMIT = 8192
TOKEN_LIFETIME = 300
CLOCK_SKEW = 30  # seconds that the clocks of hub and site may be apart
KEYS_FRESH = 30  # seconds after which the hub's keys are read again; for an unknown key, too
KEYS_STALE = 600  # while the hub cannot be reached, those that were read last open tokens for this long
FAILURE_PAUSE = 1  # a hub that is down is asked this often at most
LOOPBACK_OR_HTTPS = re.compile(r"https://|http://(localhost|[\w.-]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])[:/]")
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Refusal(Exception):
    """Why a token is not believed: a short code, and a sentence for the log."""

    def __init__(self, reason, sentence):
        super().__init__(sentence)
        self.reason = reason


class Isthmus:
    """Verifies the tokens of one site.

    mirror: which cookie is believed, as the pages are told: "cookie" or "endpoint"; the other one never is.
    ended: where ended sessions are remembered. By default in this process; a site of several processes or machines
    shares one, with the methods of Ended. One that cannot be asked raises: then nobody is let in.
    """

    def __init__(self, hub, site, jwks=None, mirror="cookie", ended=None):
        self.hub = hub
        self.site = site
        self._cookie = {"cookie": "isthmus_token", "endpoint": "__Host-isthmus_token"}[mirror]
        jwks = jwks or hub + "/.well-known/jwks.json"
        if not LOOPBACK_OR_HTTPS.match(jwks):
            raise ValueError(f"The keys are fetched by https, or from loopback, not from {jwks}.")
        self._keys = Keys(jwks)
        self._ended = ended or Ended()

    def user(self, headers):
        """The claims of the user of a request: sub, sid, groups and what this site may see; or None.

        headers: those of the request, by name: Flask's request.headers, Django's request.headers.
        """
        try:
            return self.verify(self._token(headers))
        except Refusal as refusal:
            if refusal.reason in ("unreachable", "token-ambiguous"):
                logging.getLogger("isthmus").warning("%s: %s", refusal.reason, refusal)
            return None

    def _token(self, headers):
        """Authorization: Bearer, which a program wrote on purpose, else the one cookie of the site's mirror."""
        bearer = re.fullmatch(r"bearer +(\S+)", headers.get("Authorization") or "", re.IGNORECASE)
        if bearer:
            return bearer[1]
        pairs = (pair.strip().partition("=") for pair in (headers.get("Cookie") or "").split(";"))
        tokens = {value for name, _, value in pairs if name == self._cookie and value}
        if not tokens:
            raise Refusal("token-missing", "The request carries no token.")
        # A neighbour's, planted for a longer path or for the parent domain, stands beside the site's own.
        if len(tokens) > 1:
            raise Refusal("token-ambiguous", "The request carries two different tokens in one cookie.")
        return tokens.pop()

    def verify(self, token):
        """The claims of a good site token; raises Refusal."""
        claims = self._open(token, "JWT")
        if not isinstance(claims.get("sub"), str) or not isinstance(claims.get("sid"), str):
            raise Refusal("token-malformed", "The token names no user or no session.")
        # An ended session is remembered for one token's life, so none may live longer.
        if claims["exp"] - claims["iat"] > TOKEN_LIFETIME:
            raise Refusal("token-malformed", "The token lives longer than a site token may.")
        of_user = self._ended.get("sub/" + claims["sub"])
        if self._ended.get("sid/" + claims["sid"]) is not None or (of_user is not None and claims["iat"] <= of_user):
            raise Refusal("token-revoked", "The session of the token is over.")
        return {"groups": [], **claims}

    def receive_logout(self, logout_token):
        """Takes a logout token (OpenID Connect Back-Channel Logout 1.0): its session is over. Raises Refusal.

        Gives sid and sub, to end your own session by: where sid is None, all of the user's.
        """
        claims = self._open(logout_token, "logout+jwt")
        if "nonce" in claims:
            raise Refusal("logout-with-nonce", "A logout token must not carry a nonce.")
        events = claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
            raise Refusal("logout-without-event", "The token does not say that a session ended.")
        if not isinstance(claims.get("jti"), str):
            raise Refusal("token-malformed", "The token has no jti.")
        if isinstance(claims.get("sid"), str):
            key = "sid/" + claims["sid"]
        elif isinstance(claims.get("sub"), str):
            key = "sub/" + claims["sub"]
        else:
            raise Refusal("logout-without-subject", "The token names neither session nor user.")
        if not self._ended.add("jti/" + claims["jti"], claims["iat"], claims["exp"]):
            raise Refusal("logout-replayed", "The logout token was received before.")
        # No token that is still taken, by whichever clock, may outlive the memory of its end.
        try:
            at = max(claims["iat"], self._ended.get(key) or 0)
            self._ended.put(key, at, time.time() + TOKEN_LIFETIME + CLOCK_SKEW)
        except Exception:
            self._ended.delete("jti/" + claims["jti"])
            raise
        return claims.get("sid"), claims.get("sub")

    def _open(self, token, typ):
        """What all tokens of the hub have in common. Nothing of a token is believed before its signature is checked."""
        if len(token) > TOKEN_LIMIT:
            raise Refusal("token-too-long", "The token is longer than any that a hub issues.")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            raise Refusal("token-malformed", "This is no signed token.") from error
        # One algorithm, whatever the token asks for: "none", or HS256 with the public key, is how tokens are forged.
        if header.get("alg") != "ES256":
            raise Refusal("token-wrong-algorithm", "The token is not signed with ES256.")
        # PyJWT passes over "crit", which demands to be understood.
        if "crit" in header or not isinstance(header.get("kid"), str):
            raise Refusal("token-malformed", "The header names no key, or asks for what is not known here.")
        try:
            claims = jwt.decode(
                token,
                self._keys.get(header["kid"]),
                algorithms=["ES256"],
                issuer=self.hub,
                audience=self.site,
                leeway=CLOCK_SKEW,
                options={"require": ["iss", "aud", "iat", "exp"]},
            )
        except jwt.InvalidTokenError as error:
            raise Refusal(*_fault(error)) from error
        if str(header.get("typ")).lower() != typ.lower():
            raise Refusal("token-wrong-type", "The token was issued for another purpose.")
        if type(claims["iat"]) is not int or type(claims["exp"]) is not int:
            raise Refusal("token-malformed", "The token does not say when it is good.")
        # The leeway is for the beginning of a token only: it ends when it ends.
        if claims["exp"] <= time.time():
            raise Refusal("token-expired", "The token is older than it may be.")
        return claims


def _fault(error):
    for kind, reason, sentence in (
        (jwt.InvalidIssuerError, "token-wrong-issuer", "The token was issued by another hub."),
        (jwt.InvalidAudienceError, "token-wrong-audience", "The token was issued for another site."),
        (jwt.ExpiredSignatureError, "token-expired", "The token is older than it may be."),
        (jwt.ImmatureSignatureError, "token-not-yet-valid", "The token is from the future."),
        (jwt.InvalidSignatureError, "token-bad-signature", "The signature does not belong to the token."),
    ):
        if isinstance(error, kind):
            return reason, sentence
    return "token-malformed", "This is no signed token."


class Keys:
    """The hub's public keys: fetched at first use and kept; of many threads at once one fetches."""

    def __init__(self, url):
        self._url = url
        self._keys = {}
        self._read_at = self._tried_at = float("-inf")
        self._lock = threading.Lock()

    def get(self, kid):
        with self._lock:
            now = time.monotonic()
            # Whoever forges names of keys makes nobody fetch: within the cooldown an unknown one stays unknown.
            if now - self._read_at >= KEYS_FRESH and now - self._tried_at >= FAILURE_PAUSE:
                self._tried_at = now
                self._fetch(now)
            if not self._keys or now - self._read_at >= KEYS_STALE:
                raise Refusal("unreachable", f"The keys of the hub cannot be had from {self._url}.")
            if kid not in self._keys:
                raise Refusal("token-unknown-key", "The hub publishes no such key.")
            return self._keys[kid]

    def _fetch(self, now):
        try:
            with urllib.request.urlopen(self._url, timeout=5) as response:
                key_set = jwt.PyJWKSet.from_dict(json.loads(response.read(65536)))
        except (OSError, ValueError, jwt.PyJWTError):
            return  # What was known stays known.
        self._keys = {jwk.key_id: jwk.key for jwk in key_set.keys}
        self._read_at = now


class Ended:
    """What ended, each entry until it may be forgotten."""

    def __init__(self):
        self._entries = {}
        self._lock = threading.Lock()

    def get(self, key):
        at, until = self._entries.get(key, (None, 0))
        return at if until > time.time() else None

    def put(self, key, at, until):
        with self._lock:
            now = time.time()
            self._entries = {name: entry for name, entry in self._entries.items() if entry[1] > now}
            self._entries[key] = (at, until)

    def add(self, key, at, until):
        """As put, if there is nothing; True if there was nothing. One atomic step: of many at once one is told True."""
        with self._lock:
            if self.get(key) is not None:
                return False
            self._entries[key] = (at, until)
            return True

    def delete(self, key):
        with self._lock:
            self._entries.pop(key, None)
