"""Which links are asked at all."""

import ipaddress

import pytest

from detector.errors import MediaError
from detector.limits import MAX_LINK_LENGTH
from web.links.addresses import RefusedAddress, is_public, parse_link, public_addresses


@pytest.mark.parametrize(
    ("text", "host", "target"),
    [
        (" https://media.example/a.jpg \n", "media.example", "/a.jpg"),
        ("HTTPS://Media.Example:443/a.jpg#part", "media.example", "/a.jpg"),
        ("https://media.example./a?b=c", "media.example", "/a?b=c"),
        ("https://bücher.example/ü", "xn--bcher-kva.example", "/%C3%BC"),
        ("https://93.184.215.14/", "93.184.215.14", "/"),
        ("https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "/"),
    ],
)
def test_link_is_read_as_it_will_be_asked(text, host, target):
    url = parse_link(text)
    assert (url.raw_host.decode(), url.raw_path.decode(), url.fragment) == (host, target, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not a web address"),
        ("photo.jpg", "is not a web address"),
        ("https:media.example", "is not a web address"),
        ("https:///etc/passwd", "is not a web address"),
        ("https://media.example/a b", "is not a web address"),
        ("https://media.example\\@10.0.0.1/", "is not a web address"),
        ("https://media.example/\u202egpj.exe", "is not a web address"),
        ("https://media.example/\r\nHost: x", "is not a web address"),
        ("https://１２７.０.０.１/", "is not a web address"),
        ("javascript:alert(1)", "is not a web address"),
        ("file:///etc/passwd", "is not a web address"),
        ("http://media.example/a.jpg", "does not begin with https"),
        ("ftp://media.example/a.jpg", "does not begin with https"),
        ("https://anna:hunter2@media.example/", "holds a name or a password"),
        ("https://media.example@10.0.0.1/", "holds a name or a password"),
        ("https://media.example:8443/", "port 8443"),
        ("https://media.example:80/", "port 80"),
        ("https://localhost/", "cannot be found"),
        ("https://metadata/", "cannot be found"),
        ("https://a..example/", "cannot be found"),
        ("https://media%2eexample/", "cannot be found"),
        (f"https://{'a' * 64}.example/", "cannot be found"),
        ("https://2130706433/", "unusual form of a number"),
        ("https://017700000001/", "unusual form of a number"),
        ("https://0x7f000001/", "unusual form of a number"),
        ("https://0x7f.1/", "unusual form of a number"),
        ("https://127.1/", "unusual form of a number"),
        ("https://0177.0.0.1/", "is not a web address"),
        ("https://127。0。0。1/", "not on the public internet"),
        ("https://127.0.0.1./", "not on the public internet"),
        ("https://[::1]/", "not on the public internet"),
        ("https://[::ffff:169.254.169.254]/", "not on the public internet"),
        ("https://media.example/" + "a" * MAX_LINK_LENGTH, "longer than"),
    ],
)
def test_link_that_is_not_asked_is_refused_in_one_sentence(text, reason):
    with pytest.raises(RefusedAddress, match=reason) as caught:
        parse_link(text)
    assert str(caught.value).count(". ") == 0 and "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "223.255.255.1", "2606:4700::1", "2a00::1"],
)
def test_public_address_is_public(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *(
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.255.0.1",
            "172.16.0.1",
            "172.31.0.1",
            "192.168.0.1",
            "169.254.169.254",
        ),
        *("100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1"),
        *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::127.0.0.1", "::ffff:93.184.215.14", "::ffff:127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1"),
        *("fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001::1", "2001:db8::1"),
        *("2002:7f00:1::", "3fff::1", "100::1", "4000::1", "2606:4700::1%eth0"),
    ],
)
def test_any_other_address_is_not(address):
    assert not is_public(ipaddress.ip_address(address))


def test_addresses_of_a_name_are_given_in_their_order_each_once_and_only_a_few():
    found = public_addresses("media.example", lambda host: ["1.1.1.1", "2606:4700::1", "1.1.1.1", *["1.1.1.2"] * 9])
    assert [str(address) for address in found] == ["1.1.1.1", "2606:4700::1", "1.1.1.2"]
    many = public_addresses("media.example", lambda host: [f"1.1.1.{number}" for number in range(20)])
    assert len(many) == 4


@pytest.mark.parametrize("answer", [["10.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["1.1.1.1", "::1"], ["1.1.1.1", "nonsense"]])
def test_name_that_leads_inside_with_any_of_its_addresses_is_refused(answer):
    with pytest.raises(RefusedAddress, match="^The server media.example is not on the public internet"):
        public_addresses("media.example", lambda host: answer)


def test_ip_address_is_never_resolved():
    def resolver(host):
        raise AssertionError(host)

    assert [str(address) for address in public_addresses("1.1.1.1", resolver)] == ["1.1.1.1"]
    with pytest.raises(RefusedAddress):
        public_addresses("10.0.0.1", resolver)


def test_name_without_an_address_cannot_be_found():
    def fails(host):
        raise OSError("no such name")

    for resolver in (fails, lambda host: []):
        with pytest.raises(MediaError, match="^The server media.example cannot be found; please check the address.$"):
            public_addresses("media.example", resolver)
