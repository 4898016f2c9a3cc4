"""Which name a browser asked for, behind a proxy that names another one."""

import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from web.middleware.origins import OwnPageOnly

PROXY, STRANGER = "192.0.2.1", "198.51.100.7"
OWN = {"host": "127.0.0.1:7860", "origin": "https://check.example"}


def status(headers: dict[str, str], sender: str = PROXY, has_login: bool = False) -> int:
    """What a server behind `PROXY` answers, as uvicorn runs it."""
    guarded = OwnPageOnly(PlainTextResponse("taken"), has_login, trusted_proxies=PROXY)
    transport = httpx.ASGITransport(ProxyHeadersMiddleware(guarded, PROXY), client=(sender, 40_000))

    async def ask() -> int:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as client:
            return (await client.post("/", headers=headers)).status_code

    return asyncio.run(ask())


@pytest.mark.parametrize(
    "forwarded",
    [
        {"x-forwarded-host": "check.example"},
        {"x-forwarded-host": "check.example:443, inner.example"},
        {"x-forwarded-host": "check.example", "x-forwarded-for": STRANGER},
        {"forwarded": 'for=198.51.100.7;proto=https;host="check.example:443", for=192.0.2.1'},
        {"forwarded": "host=check.example"},
    ],
)
def test_name_that_a_trusted_proxy_states_is_that_of_the_page(forwarded):
    for has_login in (False, True):
        assert status(OWN | forwarded, has_login=has_login) == 200
        assert status(OWN | forwarded | {"origin": "https://evil.example"}, has_login=has_login) == 403
        assert status(OWN | forwarded, sender=STRANGER, has_login=has_login) == 403
        # a browser that says where a request comes from is believed before any proxy
        assert status(OWN | forwarded | {"sec-fetch-site": "cross-site"}, has_login=has_login) == 403


def test_proxy_that_states_no_name_lets_nobody_in():
    for forwarded in ({}, {"x-forwarded-host": ""}, {"x-forwarded-host": "//["}, {"forwarded": "for=check.example"}):
        assert status(OWN | forwarded) == 403
        assert status(OWN | forwarded | {"origin": "null"}) == 403


def test_name_of_the_upstream_is_no_name_of_the_page_to_other_websites():
    named = {"host": "upstream.example", "origin": "https://check.example", "x-forwarded-host": "check.example"}
    assert status(named, has_login=True) == 200
    assert status(named | {"origin": "https://evil.example"}, has_login=True) == 403
    assert status(named, sender=STRANGER, has_login=True) == 403
