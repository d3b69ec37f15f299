"""An application that signs its people in with requests-oauthlib, and reads ID tokens with PyJWT."""

import os
import time
from urllib.parse import urlencode

import jwt
import requests
from requests_oauthlib import OAuth2Session

from lines import serve

env = os.environ
credentials = {"client_id": env["CLIENT_ID"], "client_secret": env["CLIENT_SECRET"]}


class Application:
    def __init__(self):
        self.metadata = requests.get(env["ISSUER"] + "/.well-known/openid-configuration").json()
        self.keys = jwt.PyJWKClient(self.metadata["jwks_uri"])
        self.session = OAuth2Session(
            env["CLIENT_ID"],
            scope=env["SCOPE"].split(),
            redirect_uri=env["REDIRECT_URI"],
            pkce="S256",
            auto_refresh_url=self.metadata["token_endpoint"],
            auto_refresh_kwargs=credentials,
            token_updater=lambda token: None,
        )

    def told(self):
        token = self.session.token
        key = self.keys.get_signing_key_from_jwt(token["id_token"])
        claims = jwt.decode(
            token["id_token"], key, algorithms=["RS256"], audience=env["CLIENT_ID"], issuer=env["ISSUER"]
        )
        return {"claims": claims, "scope": " ".join(token["scope"])}

    def userinfo(self):
        answer = self.session.get(self.metadata["userinfo_endpoint"])
        answer.raise_for_status()
        return answer.json()

    def begin(self, **options):
        url, _ = self.session.authorization_url(self.metadata["authorization_endpoint"], **options)
        return {"url": url}

    def finish(self, url):
        self.session.fetch_token(
            self.metadata["token_endpoint"], authorization_response=url, client_secret=env["CLIENT_SECRET"]
        )
        return {**self.told(), "userinfo": self.userinfo()}

    def refresh(self):
        # As if its hour were over: the library then refreshes before it asks.
        self.session.token = {**self.session.token, "expires_at": time.time() - 1}
        self.userinfo()
        return self.told()

    def signOut(self):
        hint = {"id_token_hint": self.session.token["id_token"], "post_logout_redirect_uri": env["LOGGED_OUT_URI"]}
        return {"url": self.metadata["end_session_endpoint"] + "?" + urlencode(hint)}


serve(Application())
