"""Which addresses may be fetched: https on its own port, at hosts of the public internet alone.

A server that fetches what a stranger names can be made to ask its own network for the stranger (server-side request
forgery). So each name is resolved once, all of its addresses must be public, and those very addresses are connected to.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence

import httpx2

from detector.errors import MediaError
from detector.limits import MAX_LINK_LENGTH
from detector.messages import Message

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Gives the IP addresses of a host name as text; raises OSError where there are none.
Resolver = Callable[[str], Sequence[str]]

HTTPS_PORT = 443
# Tried one after the other where several are named; each may cost the whole wait for a connection.
_MAX_ADDRESSES = 4

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)+{_LABEL}", re.ASCII)
# The C library and browsers read such a last part as that of an IPv4 address: 127.1, 0x7f000001, 2130706433.
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)

# The one part of IPv6 whose addresses are given to hosts. All else is left out with it: loopback, link-local and unique local
# addresses, multicast, and those that hold an IPv4 address (::ffff:0:0/96, and NAT64 in 64:ff9b::/96 and 64:ff9b:1::/48).
_IPV6_HOSTS = ipaddress.IPv6Network("2000::/3")
# Blocks that `ipaddress` may call global, which depends on the version of Python; from the IANA's registries.
_NOT_PUBLIC: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = tuple(
    ipaddress.ip_network(block)
    for block in (
        "100.64.0.0/10",  # carrier-grade NAT, and the metadata service of one cloud
        "168.63.129.16/32",  # a cloud's own services, at an address that looks public
        "192.0.0.0/24",  # protocols, and the metadata service of another cloud
        "192.88.99.0/24",  # relays to IPv6
        "198.18.0.0/15",  # benchmarks of networks
        "224.0.0.0/3",  # multicast and reserved
        "2001::/23",  # protocols, among them Teredo, which holds an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which holds an IPv4 address
        "3fff::/20",  # documentation
    )
)


class RefusedAddress(MediaError):
    """The address is one that is never asked, whatever answers there."""


def parse_link(text: str) -> httpx2.URL:
    """Reads a link as a person pasted it; spaces around it do not count, and its fragment is left out.

    The parser is that of the HTTP client, so that what is checked is what is asked.

    Raises:
        RefusedAddress: It is no https address of a public name or IP address on the usual port, or holds a password.
    """
    text = text.strip()
    if len(text) > MAX_LINK_LENGTH:
        raise RefusedAddress(
            Message("The link is longer than {count} characters; please send the file itself."), count=MAX_LINK_LENGTH
        )
    no_address = Message(
        "The link is not a web address; please copy the whole address, which begins with https:// and holds no spaces."
    )
    # some parsers take a backslash for a slash, and so find another host
    if "\\" in text or any(letter.isspace() or not letter.isprintable() for letter in text):
        raise RefusedAddress(no_address)
    try:
        url = httpx2.URL(text)
        host, port = url.raw_host.decode("ascii"), url.port
    except (httpx2.InvalidURL, ValueError) as error:
        raise RefusedAddress(no_address) from error
    if url.scheme != "https":
        is_address = bool(url.scheme and host)
        raise RefusedAddress(_NOT_HTTPS if is_address else no_address)
    if not host:
        raise RefusedAddress(no_address)
    if url.userinfo:
        raise RefusedAddress(
            Message(
                "The link holds a name or a password, before an @ sign; please leave them out or send the file itself."
            )
        )
    if port not in (None, HTTPS_PORT):
        raise RefusedAddress(
            Message("The link asks for port {port} in place of the usual one; please send the file itself."), port=port
        )
    return url.copy_with(host=_checked_host(host), fragment=None)


_NOT_HTTPS = Message(
    "The link does not begin with https://, so what it gives could be changed on the way; please send the file itself."
)
_NOT_PUBLIC_TEXT = Message(
    "The server {host} is not on the public internet, and only that is asked; please send the file itself."
)
_NOT_FOUND_TEXT = Message("The server {host} cannot be found; please check the address.")


def _checked_host(host: str) -> str:
    """Gives a host as it is asked for: lower case, without the dot at its end.

    Raises:
        RefusedAddress: It is neither a full name nor an IP address in its usual form, or a private address.
    """
    host = host.lower().removesuffix(".")
    address = as_address(host)
    if address:
        if not is_public(address):
            raise RefusedAddress(_NOT_PUBLIC_TEXT, host=host)
    elif _NUMBER.fullmatch(host.rpartition(".")[2]):
        raise RefusedAddress(
            Message("The link names its server by an unusual form of a number; please check the address.")
        )
    elif not _HOST_NAME.fullmatch(host):
        # such as localhost, which is completed to a name of the own network
        raise RefusedAddress(_NOT_FOUND_TEXT, host=host[:100])
    return host


def as_address(host: str) -> Address | None:
    """Reads an IP address in its usual form, such as ``192.0.2.1`` or ``2001:db8::1``; None for any other text."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Tells whether an address is that of a host on the public internet."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if address.version == 6 and (address not in _IPV6_HOSTS or address.scope_id):
        return False
    return not any(address in block for block in _NOT_PUBLIC if block.version == address.version)


def system_resolver(host: str) -> Sequence[str]:
    """Asks the resolver of the system for the addresses of a full name.

    Raises:
        OSError: It has none, or cannot be asked.
    """
    # the dot at the end: a name is not completed to one of the own network
    answers = socket.getaddrinfo(f"{host}.", HTTPS_PORT, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(address[0]) for *_, address in answers]


def public_addresses(host: str, resolver: Resolver) -> list[Address]:
    """Resolves a host once, to the few addresses that may be connected to, in their order.

    Raises:
        RefusedAddress: One of its addresses is not public: a name that is half inside is a trap or an accident.
        MediaError: It has no address.
    """
    host = _checked_host(host)
    address = as_address(host)
    if address:
        return [address]
    try:
        found = [as_address(text) for text in resolver(host)]
    except (OSError, UnicodeError) as error:  # the latter for labels that the codec of the resolver refuses
        raise MediaError(_NOT_FOUND_TEXT, host=host) from error
    if not found:
        raise MediaError(_NOT_FOUND_TEXT, host=host)
    addresses = [address for address in found if address and is_public(address)]
    if len(addresses) < len(found):
        raise RefusedAddress(_NOT_PUBLIC_TEXT, host=host)
    return list(dict.fromkeys(addresses))[:_MAX_ADDRESSES]
