#!/usr/bin/python3
"""What sync.py and large.py compare with: a plain sequential client of the service, one connection for each call.

As one would write it with Python's standard library: log in, list, then for each file ask for its URL,
fetch it in pieces and give it its name. It checks certificates and the length, and keeps no ledger.

  tests/bench/baseline.py [--fsync] URL CA USER PASSWORD DIRECTORY [NAME]

--fsync: file and folder are on the disk before the next one. NAME: this one, asked for in one step.
"""
import http.client
import json
import os
import ssl
import sys
from urllib.parse import quote, urlsplit


class Client:
    def __init__(self, url, ca, durable):
        self.url = urlsplit(url)
        self.durable = durable
        self.context = ssl.create_default_context(cafile=ca)

    def connect(self, netloc):
        return http.client.HTTPSConnection(netloc, context=self.context)

    def post(self, path, body):
        connection = self.connect(self.url.netloc)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        connection.request("POST", self.url.path + path, json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status}")
        return json.loads(text)

    def fetch(self, url, target):
        parts = urlsplit(url)
        connection = self.connect(parts.netloc)
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        if answer.status != 200:
            raise SystemExit(f"{target}: {answer.status}")
        with open(target + ".part", "wb") as file:
            while piece := answer.read(65536):
                file.write(piece)
            if file.tell() != int(answer.headers["Content-Length"]):
                raise SystemExit(f"{target}: not whole")
            if self.durable:
                file.flush()
                os.fsync(file.fileno())
        connection.close()
        os.rename(target + ".part", target)
        if self.durable:
            folder = os.open(os.path.dirname(target), os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)


def main():
    arguments = [a for a in sys.argv[1:] if a != "--fsync"]
    url, ca, user, password, directory = arguments[:5]
    client = Client(url, ca, "--fsync" in sys.argv)
    who = {"username": user, "password": password}
    names = arguments[5:]
    if not names:
        who = {"token": client.post("/login", who)["token"]}
        names = [file["fileName"] for file in client.post("/files/list", who)["files"]]
    for name in names:
        answer = client.post("/file?filename=" + quote(name), who)
        client.fetch(answer["fileUrl"], os.path.join(directory, name))


if __name__ == "__main__":
    main()
