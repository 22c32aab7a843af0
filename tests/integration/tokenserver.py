"""An OAuth 2.0 server on loopback: it renews tokens, and tells a mail server whose a token is."""
import base64
import json
import subprocess
import tempfile
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        """Gives out a token: for a refresh token (RFC 6749, 6), client credentials (4.4), or a signed assertion (RFC 7523)."""
        form = {name: values[0] for name, values in urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
        self.server.asked.append(form)
        if self.server.answer is not None:
            return self._say(*self.server.answer)
        grant = form["grant_type"]
        if grant == "refresh_token":
            good = form["refresh_token"] == self.server.refresh_token
        elif grant == "client_credentials":
            good = form["scope"].endswith("/.default") and form["client_secret"] == self.server.refresh_token
        else:
            good = grant == "urn:ietf:params:oauth:grant-type:jwt-bearer" and self._is_signed(form["assertion"])
        if not good:
            return self._say(400, {"error": "invalid_grant"})
        self.server.issued.append(f"access-{len(self.server.issued)}")
        answer = {"access_token": self.server.issued[-1], "expires_in": 3600, "token_type": "Bearer"}
        if grant == "refresh_token" and self.server.rotates:
            self.server.refresh_token += "+"
            answer["refresh_token"] = self.server.refresh_token
        self._say(200, answer)

    def _is_signed(self, assertion):
        """By the key whose public half the server has, with claims of this hour."""
        text, _, signature = assertion.rpartition(".")
        head, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in text.split("."))
        with tempfile.NamedTemporaryFile() as signed:
            signed.write(base64.urlsafe_b64decode(signature + "=="))
            signed.flush()
            verify = ["openssl", "dgst", "-sha256", "-verify", self.server.public_key, "-signature", signed.name]
            done = subprocess.run(verify, input=text.encode(), capture_output=True, check=False)
        self.server.claims.append(claims)
        return (done.returncode == 0 and head["alg"] == "RS256" and claims["aud"] == self.server.url
                and claims["iat"] <= time.time() < claims["exp"] <= claims["iat"] + 3600)  # fmt: skip

    def do_GET(self):
        """Whose the token is, as Dovecot asks by tokeninfo_url."""
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        if query["access_token"][0] not in self.server.issued:
            return self._say(401, {"error": "invalid_token"})
        self._say(200, {"email": self.server.user})

    def _say(self, status, answer):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_):
        pass


class TokenServer(ThreadingHTTPServer):
    """url: where it is. issued: the tokens given out so far, for the user and for refresh_token (which is the
    client's secret, too). asked: the forms that came; claims: of assertions. answer: status and object in place of a token's."""

    def __init__(self, user, refresh_token):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.user = user
        self.refresh_token = refresh_token
        self.issued, self.asked, self.claims = [], [], []
        self.rotates, self.public_key, self.answer = False, None, None
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
