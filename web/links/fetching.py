"""Fetches the photo or video that a link leads to: the file at its address, or the video of a platform's page."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from detector.deadline import Progress
from detector.errors import MediaError
from detector.facts import Fetched
from detector.media.files import file_sha256
from detector.messages import Message
from detector.report.evidence import utc_text
from detector.text import one_line
from web.links import platforms
from web.links.addresses import parse_link
from web.links.connections import FetchLimits, Network, Watch
from web.links.direct import LeadsToPage, download
from web.middleware.disk import MIN_FREE_BYTES

logger = logging.getLogger(__name__)

_SEVERAL = Message("The page has several videos, of which the first one was fetched.")


@dataclass(frozen=True)
class FetchedFile:
    """A file that came by a link.

    Attributes:
        path: Where it lies.
        source: The link and the time of fetching, for the evidence report.
        sha256: Hex digest of its bytes.
        media_type: As the server said; empty where it did not, and for pages of platforms. What the file really is, its
            content tells.
        warnings: What a person should know of how it was fetched.
    """

    path: Path
    source: Fetched
    sha256: str
    media_type: str
    warnings: tuple[Message, ...] = ()


def fetch(
    link: str,
    folder: Path,
    progress: Progress | None = None,
    limits: FetchLimits | None = None,
    network: Network | None = None,
) -> FetchedFile:
    """Fetches what a link leads to.

    Args:
        link: As a person pasted it.
        folder: An empty one, which takes the file under its own name; on failure nothing is left in it.
        progress: Called with the share done, 0..1, and what is being done, some ten times a second at most. What it raises
            stops the work within a second, but for the start of a connection, and is passed on.
        limits: What it may cost; by default what `detector.limits` says.
        network: How to connect; by default the resolver, connections and certificates of the system.

    Raises:
        MediaError: It cannot be had, or is none that may be asked; the message is one sentence.
        OSError: It cannot be written.
    """
    limits, network = limits or FetchLimits(), network or Network()
    watch = Watch(limits.total_s, progress)
    address = parse_link(link)
    if shutil.disk_usage(folder).free < MIN_FREE_BYTES + limits.bytes:
        raise MediaError("The server's disk is full; please try again later.")
    # neither query nor password, which may let others in
    named = f"{address.host}{address.path}"
    try:
        fetched = _fetch(link, address, folder, limits, network, watch)
    except MediaError as error:
        logger.info("a link to %s was not fetched: %s", one_line(named, 300), error)
        raise
    logger.info("a link to %s was fetched", one_line(named, 300))
    return fetched


def _fetch(
    link: str, address: httpx2.URL, folder: Path, limits: FetchLimits, network: Network, watch: Watch
) -> FetchedFile:
    def source(path: Path, final_url: str) -> Fetched:
        now = utc_text(datetime.now(UTC))
        return Fetched(one_line(link, len(link) + 1), one_line(final_url, len(final_url) + 1), now, path.name)

    try:
        file = download(address, folder, limits, network, watch)
    except LeadsToPage as page:
        if not platforms.is_installed():
            raise
        # the page after redirects may be one that asks for a login or a consent
        video = platforms.fetch_video([address, page.address], folder, limits, network, watch)
        if video is None:
            raise
        warnings = (_SEVERAL,) if video.several else ()
        return FetchedFile(video.path, source(video.path, str(video.address)), file_sha256(video.path), "", warnings)
    return FetchedFile(file.path, source(file.path, str(file.address)), file.sha256, file.media_type)
