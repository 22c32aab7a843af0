"""URLs that other people's clients sign for the emulator's keys: accepted as they are, refused once changed.

Debian has boto3, the AWS command line and s3cmd. The AWS SDK for JavaScript comes from npm:
see the fixture npm.
"""
import contextlib
import json
import os
import re
import shutil
import string
import subprocess
import urllib.parse

import pytest
from emulator import Emulator
from harness import CSV_NAME, NPM, build_folder, need
from test_emulator import code_of, connect

ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzE+/" * 80 + "=="
ODD_NAME = "AP HED_5818 é+b&c=d(1)'~$,;@!*%41#?\".csv"
CONTENT = {CSV_NAME: b"id,score\n1,1200\n", ODD_NAME: b"odd\n"}
TIMEOUT = 120
pytestmark = pytest.mark.release_only(reason="some thousand requests, each judged by what the unit tests try in every build")

# What a URL may ask for beside the object, and what of the answer shows that it was heard.
EXTRAS = {
    "nothing": ({}, {}),
    "headers": (
        {
            "ResponseContentType": "text/csv; charset=utf-8",
            "ResponseContentDisposition": 'attachment; filename="a b+c.csv"',
            "ResponseCacheControl": "no-store",
        },
        {
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="a b+c.csv"',
            "Cache-Control": "no-store",
        },
    ),
    "version": ({"VersionId": "3HL4kqtJvjVBH40Nr+/x="}, {"x-amz-version-id": "3HL4kqtJvjVBH40Nr+/x="}),
}

BOTO = """
import json, sys
import boto3, botocore.config
job = json.load(sys.stdin)
config = botocore.config.Config(signature_version=job["version"], s3={"addressing_style": job["style"]})
client = boto3.client("s3", endpoint_url=job["endpoint"], region_name="us-east-1", config=config,
    aws_access_key_id=job["key"], aws_secret_access_key=job["secret"], aws_session_token=job["token"])
print(json.dumps([client.generate_presigned_url("get_object", Params=p, ExpiresIn=600) for p in job["params"]]))
"""

NODE = """
const { S3Client, GetObjectCommand } = require("@aws-sdk/client-s3");
const { getSignedUrl } = require("@aws-sdk/s3-request-presigner");
const job = JSON.parse(require("fs").readFileSync(0));
const client = new S3Client({ endpoint: job.endpoint, region: "us-east-1", forcePathStyle: job.style === "path",
    credentials: { accessKeyId: job.key, secretAccessKey: job.secret, sessionToken: job.token || undefined } });
Promise.all(job.params.map(p => getSignedUrl(client, new GetObjectCommand(p), { expiresIn: 600 })))
    .then(urls => console.log(JSON.stringify(urls)));
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    options = ["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY]
    with Emulator(build_folder(), tmp_path_factory.mktemp("emulator"), *options) as running:
        for name, content in CONTENT.items():
            running.add(name, content)
        running.line = connect(running)  # one for all requests: there are some thousand
        with contextlib.closing(running.line):
            yield running


def output_of(command, job=None, **environment):
    done = subprocess.run(
        command,
        input=json.dumps(job),
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def get(store, url):
    """(status, headers, body) of what a client of that URL gets, wherever the host's name leads."""
    parts = urllib.parse.urlsplit(url)
    target = urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))
    store.line.request("GET", target, headers={"Host": parts.netloc})
    answer = store.line.getresponse()
    return answer.status, answer.headers, answer.read()


def other(character):
    """Another character of the same kind."""
    for kind in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if character in kind:
            return kind[kind.index(character) - 1]
    return "x"


def changes(url):
    """The URL with each parameter changed at its begin and end, left out, and with some added: (what, URL)."""
    place, query = url.split("?", 1)
    pairs = [pair.split("=", 1) for pair in query.split("&")]
    for i, (name, quoted) in enumerate(pairs):
        value = urllib.parse.unquote(quoted)
        changed = {"left out": None, "begin": other(value[0]) + value[1:], "end": value[:-1] + other(value[-1])}
        for what, text in changed.items():
            kept = [] if text is None else [[name, urllib.parse.quote(text, safe="")]]
            again = pairs[:i] + kept + pairs[i + 1 :]
            yield f"{name} {what}", place + "?" + "&".join("=".join(pair) for pair in again)
    for added in ["versionId=1", "response-content-type=text%2Fhtml", "x-amz-security-token=x", "X-Amz-Security-Token=x"]:
        yield f"added {added}", f"{url}&{added}"
    yield "another name", url.replace(".csv?", ".txt?")


def assert_faithful(store, url, name, shown=None):
    """The URL gets the file, and no other URL that is made of it gets anything."""
    status, headers, body = get(store, url)
    assert (status, body) == (200, CONTENT[name]), (url, body)
    for header, value in (shown or {}).items():
        assert headers[header] == value
    for what, changed in changes(url):
        status, _, body = get(store, changed)
        assert status in (400, 403), f"{what}: {changed}"
        assert code_of(body) not in ("NoSuchKey", "NoSuchBucket"), what


def assert_all_faithful(store, sign, **job):
    """Whatever sign(job) makes of each name and each extra is accepted, and nothing near it."""
    cases = [(name, extra) for name in CONTENT for extra in EXTRAS]
    job["params"] = [
        {"Bucket": "scores", "Key": "K12/" + name, **EXTRAS[extra][0]} for name, extra in cases
    ]
    urls = json.loads(sign({"key": ACCESS_KEY, "secret": SECRET_KEY, "token": None, **job}))
    assert len(urls) == len(cases)
    for url, (name, extra) in zip(urls, cases):
        assert_faithful(store, url, name, EXTRAS[extra][1])


def endpoint(store):
    return f"https://s3.localhost:{store.port}"


@pytest.mark.parametrize("token", [None, TOKEN], ids=["lasting", "temporary"])
@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_boto3(store, version, style, token):
    def sign(job):
        return output_of(["/usr/bin/python3", "-c", BOTO], job)

    assert_all_faithful(store, sign, version=version, style=style, token=token, endpoint=endpoint(store))


if NPM != "none":

    @pytest.mark.parametrize("token", [None, TOKEN], ids=["lasting", "temporary"])
    @pytest.mark.parametrize("style", ["path", "virtual"])
    def test_the_sdk_for_javascript(store, npm, style, token):
        def sign(job):
            return output_of(["node", "-e", NODE], job, NODE_PATH=os.path.join(npm, "node_modules"))

        assert_all_faithful(store, sign, style=style, token=token, endpoint=endpoint(store))


@pytest.mark.parametrize("token", [None, TOKEN], ids=["lasting", "temporary"])
@pytest.mark.parametrize("version", ["s3", "s3v4"])
@pytest.mark.parametrize("name", CONTENT, ids=["plain", "odd"])
def test_the_command_line_of_aws(store, tmp_path, name, version, token):
    need(shutil.which("aws"), "awscli is not installed")
    config = tmp_path / "config"
    (major,) = re.search(r"aws-cli/(\d)", output_of(["aws", "--version"])).groups()
    if major == "2":
        version = "s3v4"  # it knows no other
    wish = "s3 =\n  signature_version = s3v4\n" if version == "s3v4" else ""  # where it is silent, it may take v2
    config.write_text(f"[default]\nregion = us-east-1\n{wish}")
    command = ["aws", "--endpoint-url", endpoint(store), "s3", "presign", "s3://scores/K12/" + name]
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    if token is not None:
        keys["AWS_SESSION_TOKEN"] = token
    url = output_of(command, AWS_CONFIG_FILE=str(config), AWS_EC2_METADATA_DISABLED="true", **keys).strip()
    assert ("X-Amz-Signature=" in url) == (version == "s3v4")
    assert_faithful(store, url, name)


@pytest.mark.parametrize("extra", [[], ["--content-disposition=inline; filename=a.csv", "--content-type=text/csv"]])
@pytest.mark.parametrize("bucket", ["", "%(bucket)s."], ids=["path", "virtual"])
@pytest.mark.parametrize("name", CONTENT, ids=["plain", "odd"])
def test_s3cmd(store, name, bucket, extra):
    need(shutil.which("s3cmd"), "s3cmd is not installed")
    host = f"s3.localhost:{store.port}"
    command = ["s3cmd", "--config=/dev/null", f"--access_key={ACCESS_KEY}", f"--secret_key={SECRET_KEY}"]
    command += ["--ssl", f"--host={host}", f"--host-bucket={bucket}{host}", *extra]
    url = output_of([*command, "signurl", "s3://scores/K12/" + name, "+600"]).strip()
    shown = {"Content-Type": "text/csv", "Content-Disposition": "inline; filename=a.csv"} if extra else {}
    assert_faithful(store, url, name, shown)
