"""C2PA content credentials: who signed a file, what was done to it, and whether that holds. Never asks the network."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import c2pa

from detector.facts import ContentCredentials, CredentialAction, CredentialsState
from detector.media.trust import own_trust_settings, trust_settings
from detector.messages import Message
from detector.text import one_line

logger = logging.getLogger(__name__)

_PROBLEM_TEXT = {
    "signingCredential.untrusted": Message("The signer is not on the C2PA trust list that this software has."),
    "assertion.dataHash.mismatch": Message("The file was changed after it was signed."),
    "assertion.bmffHash.mismatch": Message("The file was changed after it was signed."),
    "assertion.boxesHash.mismatch": Message("The file was changed after it was signed."),
    "assertion.hashedURI.mismatch": Message("A statement in the credentials was changed after it was signed."),
    "claimSignature.mismatch": Message("The signature does not match the credentials."),
    "signingCredential.expired": Message("The certificate of the signer was not valid at the time of signing."),
    "signingCredential.revoked": Message("The certificate of the signer was revoked."),
}
MAX_ACTIONS = 40
MAX_PROBLEMS = 20
_MAX_TEXT = 300
# Manifests, revocation lists and identities are all named by address: no host may be asked.
_SETTINGS = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "core": {"allowed_network_hosts": []},
}


def read_credentials(path: str | Path, trust_anchors: str = "") -> ContentCredentials | None:
    """Reads the content credentials of a photo or video; None where it has none, or its format cannot have any.

    Args:
        path: The file.
        trust_anchors: Certificates of trusted issuers, PEM, in the place of the lists in `detector.media.trust`.
    """
    settings = _SETTINGS | (own_trust_settings(trust_anchors) if trust_anchors else trust_settings())
    try:
        # the content decides what it is, never the name
        with open(path, "rb") as stream, c2pa.Context.from_dict(settings) as context:
            reader = c2pa.Reader.try_create("", stream, None, context)
            if reader is None:
                return None
            with reader:
                store = json.loads(reader.json())
    except c2pa.C2paError.NotSupported:
        return None
    except (c2pa.C2paError, json.JSONDecodeError, RecursionError) as error:
        logger.info("content credentials of %s: %s", path, error)
        state: CredentialsState = "NotFetched" if "must fetch remote manifests" in str(error) else "Unreadable"
        said = Message("The reader says: {error}", {"error": one_line(str(error), _MAX_TEXT)})
        return ContentCredentials(state, problems=(said,))
    return _credentials(store) if isinstance(store, dict) else ContentCredentials("Unreadable")


def _credentials(store: dict[str, Any]) -> ContentCredentials:
    state = store.get("validation_state")
    manifests = _part(store, "manifests")
    active = _part(manifests, store.get("active_manifest"))
    actions = [action for manifest in _history(active, manifests) for action in _actions(manifest)]
    signature = _part(active, "signature_info")
    return ContentCredentials(
        state if state in ("Trusted", "Valid", "Invalid") else "Unreadable",
        _text(signature.get("issuer")),
        _text(signature.get("common_name")),
        _text(signature.get("time")),
        _generator(active),
        tuple(actions[:MAX_ACTIONS]),
        tuple(dict.fromkeys(action.digital_source_type for action in actions if action.digital_source_type)),
        _each_once(_problem(status) for status in _dicts(store.get("validation_status")))[:MAX_PROBLEMS],
    )


def _history(active: dict[str, Any], manifests: dict[str, Any]) -> list[dict[str, Any]]:
    """Gives the manifest of the file, then those of what it was made from, in the order of their names."""
    others = [manifests[label] for label in sorted(manifests) if isinstance(manifests[label], dict)]
    return [active, *(manifest for manifest in others if manifest is not active)]


def _actions(manifest: dict[str, Any]) -> Iterator[CredentialAction]:
    signed_by = _text(_part(manifest, "signature_info").get("issuer"))
    for assertion in _dicts(manifest.get("assertions")):
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            for action in _dicts(_part(assertion, "data").get("actions")):
                agent = action.get("softwareAgent")
                yield CredentialAction(
                    _text(action.get("action")) or "not named",
                    _text(action.get("when")),
                    _text(agent.get("name") if isinstance(agent, dict) else agent),
                    _text(action.get("digitalSourceType")),
                    signed_by,
                )


def _generator(manifest: dict[str, Any]) -> str | None:
    names = [
        f"{info.get('name', '')} {info.get('version', '')}".strip()
        for info in _dicts(manifest.get("claim_generator_info"))
    ]
    return _text(", ".join(name for name in names if name) or manifest.get("claim_generator"))


def _problem(status: dict[str, Any]) -> Message:
    code = _text(status.get("code"))
    problem = _PROBLEM_TEXT.get(code or "") or _text(status.get("explanation")) or Message("A check failed.")
    return Message("{problem} ({code})", {"problem": problem, "code": code or Message("no code")})


def _each_once(messages: Iterable[Message]) -> tuple[Message, ...]:
    return tuple({str(message): message for message in messages}.values())


def _part(parent: dict[str, Any], key: object) -> dict[str, Any]:
    value = parent.get(key) if isinstance(key, str) else None
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return one_line(value, _MAX_TEXT) or None if isinstance(value, str) else None
