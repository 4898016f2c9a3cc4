"""How often an address may ask."""

from types import SimpleNamespace

import pytest

from web.middleware import rate
from web.middleware.rate import RateLimit


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(rate, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_pause_earns_requests_back(clock):
    limit = RateLimit(None, 6)
    assert [limit._may(("192.0.2.1", 1)) for _ in range(8)] == [True] * 6 + [False] * 2
    clock.now = 10.0  # a sixth of a minute
    assert [limit._may(("192.0.2.1", 1)) for _ in range(2)] == [True, False]
    clock.now = 600.0
    assert sum(limit._may(("192.0.2.1", 1)) for _ in range(10)) == 6  # never more than a minute's


def test_addresses_are_counted_apart_and_a_network_of_ipv6_as_one(clock):
    limit = RateLimit(None, 1)
    asked = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "192.0.2.1"]
    assert [limit._may((host, 1)) for host in asked] == [True, True, True, False, True, False]


def test_this_machine_itself_is_not_counted(clock):
    limit = RateLimit(None, 1)
    assert all(limit._may((host, 1)) for host in ["127.0.0.1", "::1"] * 3)


def test_memory_stays_bounded_however_many_ask(clock, monkeypatch):
    monkeypatch.setattr(rate, "_MAX_ADDRESSES", 10)
    limit = RateLimit(None, 1)
    for number in range(100):
        limit._may((f"192.0.2.{number}", 1))
    assert len(limit._left) == 10
