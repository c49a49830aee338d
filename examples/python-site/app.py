"""A site drawn by its server: Flask, with the user in the first HTML that arrives."""

import os

from flask import Flask, render_template, request

from isthmus import Isthmus, Refusal

app = Flask(__name__)
isthmus = Isthmus(
    hub=os.environ.get("HUB", "http://auth.localhost:4000"),
    site=os.environ.get("SITE", "news"),
    jwks=os.environ.get("JWKS"),
    mirror=os.environ.get("MIRROR") or "cookie",
)


@app.get("/")
def page():
    return render_template("page.html", hub=isthmus.hub, user=isthmus.user(request.headers))


@app.get("/members")
def members():
    user = isthmus.user(request.headers)
    if user is None:
        return "Nobody whom this site knows.\n", 401, {"Content-Type": "text/plain"}
    return f"For members: {user['sub']}\n", {"Content-Type": "text/plain"}


@app.post("/isthmus/backchannel-logout")
def backchannel_logout():
    try:
        isthmus.receive_logout(request.form.get("logout_token", ""))
    except Refusal as refusal:
        answer = {"error": "invalid_request", "error_description": str(refusal), "code": refusal.reason}
        # Without the hub's keys nothing is wrong with the token: the hub tries again.
        return answer, 503 if refusal.reason == "unreachable" else 400, {"Cache-Control": "no-store"}
    return "", 200, {"Cache-Control": "no-store"}


@app.after_request
def keep_private(response):
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ.get("PORT", "8082")))
