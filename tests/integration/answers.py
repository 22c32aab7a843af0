"""A service and an object store whose answers a test writes to the byte, and an account for them."""
import json
import shutil

from harness import CSV_NAME, Account

# As a store may well sign it: nothing of it may be tidied up.
TARGET = "/scores/./a/../K12/4300%5f20180410.csv?X=%7e+~%2B&Signature=a%2Bb%2fc%3D&Expires=9"


def account_for(emulator, authority, build, folder, **settings):
    """An account that trusts the authority."""
    account = Account(folder, build, emulator, **{"give_up_after": "30s", **settings})
    shutil.copy(authority.pem, account.ca)
    return account


# The server closes each connection; a client that learns it too late asks once more.
LAST = b"Connection: close\r\n"


def answer_with(port, objects):
    """A service and its store in one: TARGET on that port for a name, then the next of objects; none is left:
    the connection is closed."""
    rest = iter(objects)

    def answer(request):
        if request.method != "POST":
            return next(rest, b"")
        body = json.dumps({"fileUrl": f"https://localhost:{port()}{TARGET}", "filePath": CSV_NAME}).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
        return head + LAST + b"\r\n" + body

    return answer


def whole(data, etag=b'"strong"', status=b"200 OK", length=None, more=b""):
    head = b"HTTP/1.1 %s\r\nETag: %s\r\nContent-Length: %d\r\n" % (status, etag, length or len(data))
    return head + LAST + more + b"\r\n" + data
