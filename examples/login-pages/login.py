"""A login page on the auth domain, for `isthmus serve` with `login.assertion`.

Start it, and have your proxy lead /login to it:
HUB=https://auth.example.com ASSERTION_KEY=... PORT=8083 python3 login.py
"""

import html
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from assertion import isthmus_assertion

HUB = os.environ["HUB"]
KEY = os.environ["ASSERTION_KEY"]

FORM = """<form method="post">
<label>User <input name="user" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Sign in</button>
</form>"""

# The hub takes an assertion by POST, too: then it stands in no address. Without a script the button is pressed.
HAND_OVER = """<form method="post" action="/isthmus/assertion">
<input type="hidden" name="assertion" value="{}">
<button autofocus>Continue</button>
</form>"""


def check(user, password):
    """In place of your own check of the password; None: refused."""
    users = {"ann": {"sub": "u-ann", "claims": {"name": "Ann"}, "groups": ["customers", "staff"]}}
    return users.get(user) if password == "demo" else None


class LoginPage(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, FORM)

    def do_POST(self):
        form = parse_qs(self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 4096)).decode())
        user = check(form.get("user", [""])[0], form.get("password", [""])[0])
        if user is None:
            return self.answer(401, "<p>Name or password is wrong.</p>" + FORM)
        pending = parse_qs(urlsplit(self.path).query).get("isthmus", [""])[0]
        return self.answer(200, HAND_OVER.format(html.escape(isthmus_assertion(KEY, HUB, pending, **user))))

    def answer(self, status, body):
        page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title><h1>Sign in</h1>{body}</html>'
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        # Its form's Origin must be seen: "no-referrer" would hide it. Nobody frames a login page.
        self.send_header("Referrer-Policy", "same-origin")
        policy = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(page.encode())


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8083"))), LoginPage).serve_forever()
