"""An OAuth 2.0 server on loopback: it renews tokens, and tells a mail server whose a token is."""
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        """Renews a token (RFC 6749, 6)."""
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if form["grant_type"] != ["refresh_token"] or form["refresh_token"] != [self.server.refresh_token]:
            return self._say(400, {"error": "invalid_grant"})
        self.server.issued.append(f"access-{len(self.server.issued)}")
        self._say(200, {"access_token": self.server.issued[-1], "expires_in": 3600, "token_type": "Bearer"})

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
    """url: where it is. issued: the tokens given out so far, for the user and for refresh_token."""

    def __init__(self, user, refresh_token):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.user = user
        self.refresh_token = refresh_token
        self.issued = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
