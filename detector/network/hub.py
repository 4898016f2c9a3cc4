"""Fetches a model from the Hub, or says in one sentence why it cannot be had and what to do."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from detector.messages import Message

logger = logging.getLogger(__name__)

# A Hub that has not delivered by then is left to fill the cache for the next start.
HUB_TIMEOUT_S = 8.0
_PROBE_TIMEOUT_S = 3.0
_NEEDED = ("config.json", "model.safetensors")
_FILES = [*_NEEDED, "README.md", "plots/*.png"]
_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
# What the client raises: for its own errors, for those of the network and the disk (OSError), and where a proxy answers with
# a page of its own in place of JSON (the rest).
_FAILURES = (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, KeyError, TypeError, AttributeError)

_NOT_FOUND = Message(
    "the Hub has no such model, or it is private; please check the name, or set HF_TOKEN to a token that may read it"
)
_NO_REVISION = Message("it has no such branch, tag or commit; please check the revision (MODEL_REVISION)")
_GATED = Message(
    "its owner must grant access first; please ask for it on the model's page on the Hub, and set HF_TOKEN to a token of "
    "that account"
)
_BAD_TOKEN = Message("the Hub does not accept the token; please set HF_TOKEN to a valid one")
_FORBIDDEN = Message("the Hub refuses access to it; please check what the token in HF_TOKEN may read")
_TOO_MANY = Message("the Hub has had too many requests from here; please start again later, or set HF_TOKEN")
_UNREACHABLE = Message(
    "the Hub cannot be reached; please check the network of this machine, and HF_ENDPOINT where it is set"
)
_SILENT = Message("the Hub did not answer in time; please start again later")
_OFFLINE = Message("HF_HUB_OFFLINE is set and this machine has no copy of it; please start once without HF_HUB_OFFLINE")
_UNREADABLE = Message(
    "the answer of the Hub cannot be read; please check HF_ENDPOINT where it is set, and what proxy stands in between"
)


class HubError(RuntimeError):
    """Says why a model cannot be had from the Hub.

    Attributes:
        why: What is wrong and what to do, as the end of a sentence, without a full stop.
    """

    def __init__(self, why: Message):
        """Takes the reason; the text of the error is the same in English."""
        self.why = why
        super().__init__(str(why))


class NotAHubNameError(HubError):
    """What was asked for is no name on the Hub at all, such as an address."""


def fetch_from_hub(
    model_id: str, revision: str, timeout_s: float = HUB_TIMEOUT_S, needed: Sequence[str] = _NEEDED
) -> Path:
    """Gives the local snapshot of a Hub model.

    A cached snapshot serves when the Hub is down or refuses. The download itself knows no time-out, so it
    runs on a thread that is left behind when it takes too long.

    Args:
        model_id: Its name, ``owner/name``.
        revision: Branch, tag or commit.
        timeout_s: How long to wait.
        needed: Files without which the model is of no use.

    Raises:
        NotAHubNameError: This is no name on the Hub.
        HubError: There is no model within `timeout_s`.
    """
    if not _NAME.fullmatch(model_id):
        raise NotAHubNameError(_NOT_FOUND)
    snapshot: Future[Path] = Future()

    def fetch() -> None:
        try:
            snapshot.set_result(_snapshot(model_id, revision, needed))
        except HubError as error:
            snapshot.set_exception(error)

    threading.Thread(target=fetch, name="hub-download", daemon=True).start()
    try:
        return snapshot.result(timeout_s)
    except TimeoutError:
        raise HubError(
            Message(
                "it did not arrive within {seconds} seconds; the download goes on, so please start again later",
                {"seconds": round(timeout_s)},
            )
        ) from None


def _snapshot(model_id: str, revision: str, needed: Sequence[str]) -> Path:
    try:
        HfApi().model_info(model_id, revision=revision, timeout=_PROBE_TIMEOUT_S)
        folder = Path(snapshot_download(model_id, revision=revision, allow_patterns=_FILES))
    except _FAILURES as error:
        logger.warning("Hub not usable for %s: %s", model_id, error)
        why = _reason(error)
        try:
            folder = Path(snapshot_download(model_id, revision=revision, local_files_only=True, allow_patterns=_FILES))
        except _FAILURES as cache_error:
            logger.warning("no snapshot of %s: %s", model_id, cache_error)
            raise HubError(why) from error
    if missing := next((name for name in needed if not (folder / name).is_file()), None):
        raise HubError(
            Message("it lacks the file {file}; please publish it again, or name another model", {"file": missing})
        )
    return folder


def _reason(error: BaseException) -> Message:
    """Finds what is wrong: the client wraps some errors into one that the cache has nothing."""
    reasons = filter(None, map(_reason_of_one, _causes(error)))
    return next(reasons, _UNREADABLE)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _reason_of_one(error: BaseException) -> Message | None:
    if isinstance(error, HfHubHTTPError):
        return _refusal(error)
    if isinstance(error, OfflineModeIsEnabled):
        return _OFFLINE
    if isinstance(error, HFValidationError):
        return _NOT_FOUND
    # the client cannot put it into a header
    if isinstance(error, httpx2.LocalProtocolError | UnicodeError):
        return _BAD_TOKEN
    if isinstance(error, httpx2.TimeoutException):
        return _SILENT
    if isinstance(error, httpx2.TransportError | httpx2.InvalidURL):
        return _UNREACHABLE
    if isinstance(error, OSError) and not isinstance(error, LocalEntryNotFoundError) and error.strerror:
        return Message(
            "its files cannot be written ({reason}); please make room, or set HF_HOME to another folder",
            {"reason": error.strerror},
        )
    return None


def _refusal(error: HfHubHTTPError) -> Message:
    status = error.response.status_code
    # a GatedRepoError is a RepositoryNotFoundError too
    for kind, why in (
        (GatedRepoError, _GATED),
        (RepositoryNotFoundError, _NOT_FOUND),
        (RevisionNotFoundError, _NO_REVISION),
    ):
        if isinstance(error, kind):
            return why
    if isinstance(error, RemoteEntryNotFoundError):
        return Message("one of its files is gone; please publish it again, or name another model")
    if status >= 500:
        return Message("the Hub has a fault of its own ({status}); please start again later", {"status": status})
    known = {401: _BAD_TOKEN, 403: _FORBIDDEN, 404: _NOT_FOUND, 429: _TOO_MANY}
    other = Message("the Hub refused the request ({status}); please check name and revision", {"status": status})
    return known.get(status, other)
