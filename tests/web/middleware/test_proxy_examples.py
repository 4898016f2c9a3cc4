"""The examples of docs/deployment.md: what the headers of the proxy make of a request."""

import re

import httpx
import pytest

from tests.web.server import ROOT, call, serving
from web.settings import Settings

DOCUMENT = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
NGINX = re.search(r"```nginx\n(.*?)```", DOCUMENT, re.DOTALL)[1]
# What nginx puts in the place of its variables when a browser asks for the page.
VARIABLES = {
    "$http_host": "check.example",
    "$proxy_add_x_forwarded_for": "192.0.2.7",
    "$scheme": "https",
}


@pytest.fixture(scope="module")
def headers():
    """The headers that nginx sends on, as the example has them."""
    found = dict(re.findall(r"proxy_set_header (\S+) (\S+);", NGINX))
    return {name.lower(): VARIABLES[value] for name, value in found.items()}


@pytest.mark.parametrize("named_by", ["host", "x-forwarded-host"])
def test_page_knows_its_own_name_behind_the_proxy_of_the_example(headers, named_by):
    other = {"host", "x-forwarded-host"} - {named_by}
    headers = {name: value for name, value in headers.items() if name not in other}
    assert headers["x-forwarded-for"] == "192.0.2.7"
    with serving(Settings(logins=(("anna", "secret"),))) as address:
        own = {"origin": "https://check.example"}
        assert (
            call(address, "model_info", headers=headers | own).status_code == 401
        )  # taken, and asked for the password
        assert call(address, "model_info", headers=headers | {"origin": "https://evil.example"}).status_code == 403


def test_addresses_of_the_page_are_those_that_the_browser_asked_for(headers):
    with serving() as address:
        assert httpx.get(f"{address}/config", headers=headers).json()["root"] == "https://check.example"
