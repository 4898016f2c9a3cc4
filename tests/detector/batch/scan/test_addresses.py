import pytest

from detector.batch.scan.addresses import check_allowed, check_protocol, fingerprint, public
from detector.errors import CommandError, MediaError


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/data/a b.mp4", "/data/a b.mp4"),
        ("file:///data/a.mp4", "/data/a.mp4"),
        ("s3://news/2026/a?b#c.mp4", "s3://news/2026/a?b#c.mp4"),
        ("https://user:secret@cdn.example.org/a.mp4", "https://cdn.example.org/a.mp4"),
        ("https://cdn.example.org/a.mp4?Signature=secret#part", "https://cdn.example.org/a.mp4?sha256=d2113120f9c6"),
    ],
)
def test_credentials_are_left_out_of_what_people_see(address, told):
    assert public(address) == told


@pytest.mark.parametrize("address", ["http://[bad", "https://", "s3://", "http://a:b:c/d", "https://\udcff/?\udcff"])
def test_broken_address_is_told_and_weighed_like_any_other(address):
    assert public(address).startswith(address.split("://")[0])
    with pytest.raises(MediaError, match="was not allowed"):
        check_allowed(address, ("https://cdn.example.org/",))


def test_files_that_differ_in_their_query_keep_different_names():
    assert public("https://a.org/get?id=1") != public("https://a.org/get?id=2")


@pytest.mark.parametrize("address", ["ftp://a/b", "zip://a::s3://b/c", "s3::zip://x", "s3://a/b::c", "jupyter://x/y"])
def test_addresses_of_other_kinds_are_refused_in_one_sentence(address):
    with pytest.raises(CommandError, match="is not read; files are read from paths and from addresses"):
        check_protocol(address)


@pytest.mark.parametrize(
    ("address", "allowed", "is_allowed"),
    [
        ("clips/a.mp4", (), True),
        ("s3://news/a.mp4", ("s3://news",), True),
        ("s3://news/a.mp4", ("s3://news/",), True),
        ("s3://newsroom/a.mp4", ("s3://news",), False),
        ("s3://news/../other/a.mp4", ("s3://news",), False),
        ("https://cdn.example.org/news/%2e%2e/a.mp4", ("https://cdn.example.org/news",), False),
        ("https://user@cdn.example.org/a", ("https://cdn.example.org/",), False),
        ("http://169.254.169.254/latest", ("https://cdn.example.org/",), False),
        ("https://cdn.example.org.evil.net/a", ("https://cdn.example.org",), False),
        ("ftp://news/a.mp4", ("ftp://news",), False),
    ],
)
def test_manifests_may_only_name_what_the_user_allowed(address, allowed, is_allowed):
    if is_allowed:
        check_allowed(address, allowed)
    else:
        with pytest.raises(MediaError, match="The list names an address"):
            check_allowed(address, allowed)


def test_fingerprint_changes_with_size_and_mark_and_is_empty_without_a_mark():
    assert fingerprint({"size": 5, "ETag": '"ab"', "LastModified": "today"}) == "5:ab"
    assert fingerprint({"size": 5, "mtime": 1.5}) == "5:1.5"
    assert fingerprint({"size": 5}) == fingerprint({"ETag": "ab"}) == ""
