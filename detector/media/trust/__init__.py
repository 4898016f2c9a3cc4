"""The trust lists of the C2PA Conformance Programme: who may sign content credentials, and who may time-stamp them.

``SOURCE.md`` beside this file says where they come from and how to renew them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

# Day of the lists; shown to people, who then know which signers cannot be on them.
TRUST_LISTS_DATE = "2026-09-24"
_SIGNERS, _TIME_STAMPERS = "C2PA-TRUST-LIST.pem", "C2PA-TSA-TRUST-LIST.pem"


@cache
def trust_settings() -> dict[str, Any]:
    """Gives the settings that make c2pa-python use the lists that are shipped."""
    return own_trust_settings(_read(_SIGNERS), _read(_TIME_STAMPERS))


def own_trust_settings(signers: str, time_stampers: str = "") -> dict[str, Any]:
    """Gives the settings for other lists, both in PEM; without time-stamping authorities no time of signing is believed."""
    lists = [{"trust_anchors": signers, "trust_kind": "manifest"}]
    if time_stampers:
        lists.append({"trust_anchors": time_stampers, "trust_kind": "tsa"})
    return {"trust": {"anchors": lists}}


def _read(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="ascii")
