"""A Flask application that signs its people in with Authlib, as its documentation shows."""

import os

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, jsonify, redirect, request

from lines import refusal, serve

env = os.environ
web = Flask(__name__)
web.secret_key = "only for this test"
kept = {}


def keep(token, refresh_token=None, access_token=None):
    """Authlib calls it after it has refreshed by itself."""
    kept.update(token)


oauth = OAuth(web)
oauth.register(
    "gatehouse",
    client_id=env["CLIENT_ID"],
    client_secret=env["CLIENT_SECRET"],
    server_metadata_url=env["ISSUER"] + "/.well-known/openid-configuration",
    client_kwargs={"scope": env["SCOPE"], "code_challenge_method": "S256"},
    update_token=keep,
)


@web.get("/signin")
def signin():
    return oauth.gatehouse.authorize_redirect(env["REDIRECT_URI"], **request.args)


@web.get("/cb")
def callback():
    token = oauth.gatehouse.authorize_access_token()
    keep(token)
    userinfo = oauth.gatehouse.userinfo()
    return jsonify(claims=token["userinfo"], userinfo=userinfo, scope=token["scope"])


@web.get("/refresh")
def refresh():
    # As if its hour were over: Authlib then refreshes before it asks.
    kept["expires_at"] = 1
    oauth.gatehouse.userinfo(token=dict(kept))
    claims = oauth.gatehouse.parse_id_token(kept, nonce=None)
    return jsonify(claims=claims, scope=kept["scope"])


@web.get("/signout")
def signout():
    metadata = oauth.gatehouse.load_server_metadata()
    query = {"id_token_hint": kept["id_token"], "post_logout_redirect_uri": env["LOGGED_OUT_URI"]}
    return redirect(metadata["end_session_endpoint"] + "?" + "&".join(f"{k}={v}" for k, v in query.items()))


@web.errorhandler(AuthlibBaseError)
def refused(problem):
    return jsonify(refusal(problem))


class Application:
    """The browser's part of the Flask application, with its cookies."""

    def __init__(self):
        self.browser = web.test_client()

    def begin(self, **options):
        return {"url": self.browser.get("/signin", query_string=options).location}

    def finish(self, url):
        return self.browser.get(url).json

    def refresh(self):
        return self.browser.get("/refresh").json

    def signOut(self):
        return {"url": self.browser.get("/signout").location}


serve(Application())
