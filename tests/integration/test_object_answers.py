"""Answers of object stores as they are: what headers mean, and what they do not."""
import hashlib
import json

import pytest
from answers import LAST, account_for, answer_with, whole
from harness import CSV_NAME, EX_TEMPFAIL, large_scores, mail, scores

SCORES = scores("csv")
MD5 = b'"%s"' % hashlib.md5(SCORES).hexdigest().encode()
NO_MD5 = b'"7a1f0c3b5d2e4f60718293a4b5c6d7e8"'
SSE = b"x-amz-server-side-encryption: %s\r\n"
CUSTOMER = b"x-amz-server-side-encryption-customer-algorithm: AES256\r\n"


def chunks(data, *sizes, more=b"", end=b"0\r\n\r\n"):
    """The object in chunks of these sizes; what is left is the last one."""
    body = b""
    for size in [*sizes, len(data)]:
        piece, data = data[:size], data[size:]
        body += b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b""
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + LAST + more + b"\r\n" + body + end


def gets(server):
    return [request for request in server.requests if request.method == "GET"]


def assert_stored(account, server, count=1, said=""):
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == 0, done.err
    assert said in done.err if said else done.err == ""
    assert account.stored() == {CSV_NAME: SCORES}
    assert len(gets(server)) == count


def assert_refused(account, server, words, count=2):
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL
    assert words in done.err
    assert account.stored() == {}
    assert len(gets(server)) == count


@pytest.mark.parametrize("more", [SSE % b"aws:kms", SSE % b"aws:kms:dsse", CUSTOMER, SSE % b"AES256" + CUSTOMER])
def test_with_another_s_key_an_etag_is_no_md5(record, more):
    account, server = record(whole(SCORES, etag=NO_MD5, more=more))
    assert_stored(account, server)


def test_an_etag_that_only_looks_like_an_md5_is_doubted_once(record):
    account, server = record(whole(SCORES, etag=NO_MD5), whole(SCORES, etag=NO_MD5))
    assert_stored(account, server, count=2, said="came twice with the same bytes")
    assert "came twice" in account.log.read_text()


def test_a_doubted_object_is_kept_encrypted_too(record, registrar, public):
    account, server = record(whole(SCORES, etag=NO_MD5), whole(SCORES, etag=NO_MD5))
    account.configure(encrypt_to=registrar.key, gnupg_home=public.home)
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, list(account.stored())) == (0, [CSV_NAME + ".gpg"])
    assert len(gets(server)) == 2


@pytest.mark.parametrize("second, code", [(SCORES, 0), (SCORES[:-2] + b"X\n", EX_TEMPFAIL)])
def test_what_is_doubted_is_written_to_standard_output_once(record, second, code):
    account, _ = record(whole(SCORES, etag=NO_MD5), whole(second, etag=NO_MD5))
    done = account.scorefetch("get", "-o", "-", CSV_NAME)
    assert (done.code, done.out) == (code, SCORES)


@pytest.mark.parametrize(
    "second", [whole(SCORES[:-2] + b"X\n", etag=NO_MD5), whole(SCORES, etag=NO_MD5.replace(b"7a", b"7b"))]
)
def test_what_comes_otherwise_the_second_time_is_damaged(record, second):
    account, server = record(whole(SCORES, etag=NO_MD5), second)
    assert_refused(account, server, "does not match the object store's MD5")


def test_damage_that_passes_is_no_doubt(record):
    account, server = record(whole(SCORES[:-2] + b"X\n", etag=MD5), whole(SCORES, etag=MD5))
    assert_stored(account, server, count=2)


def test_an_md5_that_the_store_vouches_for_is_never_doubted(record):
    same = whole(SCORES, etag=NO_MD5, more=SSE % b"AES256")
    account, server = record(same, same)
    assert_refused(account, server, "does not match the object store's MD5")


PLAIN = ["", "identity", "UTF-8", "utf-8", "binary", "none", "aws-chunked", "aws-chunked,", "ISO-8859-1", "aws-chunked,identity"]


@pytest.mark.parametrize("value", PLAIN)
def test_content_encodings_that_encode_nothing(record, value):
    account, server = record(whole(SCORES, etag=MD5, more=b"Content-Encoding: %s\r\n" % value.encode()))
    assert_stored(account, server)


@pytest.mark.parametrize("value", ["gzip", "br", "zstd", "deflate", "x-gzip", "aws-chunked,gzip", "compress"])
def test_content_encodings_that_encode(record, value):
    coded = whole(SCORES, etag=MD5, more=b"Content-Encoding: %s\r\n" % value.encode())
    account, server = record(coded, coded)
    assert_refused(account, server, f"Content-Encoding: {value.rsplit(',')[-1]}")


@pytest.mark.parametrize("values", [(b"identity", b"gzip"), (b"gzip", b"identity"), (b"", b"br")])
def test_several_content_encodings_are_read_together(record, values):
    coded = whole(SCORES, etag=MD5, more=b"".join(b"Content-Encoding: %s\r\n" % value for value in values))
    account, server = record(coded, coded)
    assert_refused(account, server, "Content-Encoding: " + (values[0] if values[0] == b"gzip" else values[1]).decode())


@pytest.mark.parametrize("framed", [b"%x;chunk-signature=%s\r\n" % (len(SCORES), b"ad" * 32), b"%x\r\n" % len(SCORES)])
def test_frames_of_aws_chunked_are_not_stored(record, framed):
    data = framed + SCORES + b"\r\n0\r\n\r\n"
    same = whole(data, more=b"Content-Encoding: aws-chunked\r\n")
    account, server = record(same, same)
    assert_refused(account, server, "framed (aws-chunked)")


@pytest.mark.parametrize("sizes", [(), (1, 1, 1), (100, 1000)])
@pytest.mark.parametrize("more", [b"", b"Content-Length: 7\r\n", b"ETag: " + MD5 + b"\r\n"])
def test_chunks_have_an_end(record, sizes, more):
    account, server = record(chunks(SCORES, *sizes, more=more))
    assert_stored(account, server)


def test_an_empty_object_in_chunks(record):
    account, _ = record(chunks(b"", more=b'ETag: "strong"\r\n'))
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: b""}


NOTHING = b"HTTP/1.1 200 OK\r\n%s" + LAST + b"\r\n"


@pytest.mark.parametrize("head", [b"Content-Length: 0\r\n", b'Content-Length: 0\r\nETag: W/"0-x"\r\n'])
def test_an_empty_answer_is_no_empty_file(record, head):
    account, server = record(*[NOTHING % head] * 3)
    assert_refused(account, server, "is empty, and neither a listing nor a strong ETag says")


def test_an_empty_file_that_is_listed_as_such(start_tls_server, good, emulator, authority, build, tmp_path):
    service = answer_with(lambda: server.port, [NOTHING % b"Content-Length: 0\r\n"])
    said = {"/login": b'{"token":"T"}', "/files/list": json.dumps({"files": [{"fileName": CSV_NAME, "fileSize": 0}]}).encode()}

    def answer(request):
        body = said.get(request.target.removeprefix("/api"))
        return service(request) if body is None else whole(body)

    server = start_tls_server(good, answer)
    account = account_for(emulator, authority, build, tmp_path, service_url=f"https://localhost:{server.port}/api",
                          storage_hosts=f"localhost:{server.port}")
    done = account.scorefetch("sync", "--all")
    assert (done.code, account.stored()) == (0, {CSV_NAME: b""}), done.err


def test_chunks_without_their_end_are_no_file(record):
    broken = [chunks(SCORES, 100, end=b"") for _ in range(20)]
    account, server = record(*broken)
    account.configure(give_up_after="2s")
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL
    assert account.stored() == {}


def test_chunks_that_break_off_are_resumed(record):
    data = large_scores(200_000)
    rest = b"Transfer-Encoding: chunked\r\nContent-Range: bytes 100000-199999/200000\r\n"
    account, server = record(
        chunks(data[:100_000], more=b'ETag: "strong"\r\n', end=b""),
        b'HTTP/1.1 206 Partial Content\r\nETag: "strong"\r\n' + rest + LAST + b"\r\n%x\r\n" % 100_000
        + data[100_000:] + b"\r\n0\r\n\r\n",
    )  # fmt: skip
    account.configure(give_up_after="30s")
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: data}
    assert gets(server)[1].headers["range"] == "bytes=100000-"


def test_chunks_beyond_max_file_size_are_not_kept(record):
    account, server = record(chunks(large_scores(3_000_000), *[100_000] * 29))
    account.configure(max_file_size="1MB")
    assert_refused(account, server, "exceed max-file-size", count=1)


@pytest.mark.parametrize("lengths", [(b"%d", b"17"), (b"17", b"%d"), (b"0x%x",), (b"%d, 17",)])
def test_lengths_that_contradict_each_other_are_no_end(record, lengths):
    fields = b"".join(b"Content-Length: " + (length % len(SCORES) if b"%" in length else length) + b"\r\n" for length in lengths)
    odd = b"HTTP/1.1 200 OK\r\n" + fields + LAST + b"\r\n" + SCORES
    account, server = record(odd, odd)
    assert_refused(account, server, "Content-Length")


def test_416_is_an_answer_to_a_range_alone(record):
    refusal = b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */0\r\nContent-Length: 0\r\n" + LAST + b"\r\n"
    account, server = record(*[refusal] * 20)
    done = account.with_patience(lambda: account.scoremail(stdin=mail("csv")), lambda done: "416" in done.err)
    assert done.code == EX_TEMPFAIL
    assert "416" in done.err
    assert account.stored() == {}


PAGES = [b"<html>", b"\n<html>", b"\r\n\r\n  <!DOCTYPE html>", b"\xef\xbb\xbf<?xml version='1.0'?>", b"\t" * 100 + b"<Error>",
         "\ufeff<html>".encode("utf-16-le")]  # fmt: skip


def test_an_error_in_json_is_no_score_file(record):
    error = whole(b'\n{"message":"Internal server error"}', more=b"Content-Type: application/json\r\n")
    account, server = record(error, error)
    assert_refused(account, server, "an error in JSON")


@pytest.mark.parametrize("start", PAGES)
def test_a_page_is_no_score_file(record, start):
    page = whole(start + b"<h1>Access Denied</h1>")
    account, server = record(page, page)
    assert_refused(account, server, "error page")


def test_a_file_may_begin_with_blanks(record):
    data = b"   000000001Student1            200200\r\n" * 20
    account, _ = record(whole(data))
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: data}
