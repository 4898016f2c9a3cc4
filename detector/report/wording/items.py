"""The photos and films of a file that holds several, in words."""

from __future__ import annotations

from detector.facts import MediaItem
from detector.messages import Message, joined
from detector.results import Result


def item_text(item: MediaItem) -> Message:
    """Says what one of them is, with the number that chooses it."""
    facts: dict[str, str | int | Message] = {"number": item.number, "width": item.width_px, "height": item.height_px}
    if item.duration_s is None:
        text = Message("{number}: photo of {width} x {height} pixels", facts)
    else:
        seconds = {"seconds": f"{item.duration_s:.1f}"}
        text = Message("{number}: film of {seconds} s, {width} x {height} pixels", facts | seconds)
    return Message("{item} (assessed)", {"item": text}) if item.assessed else text


def items_text(result: Result) -> Message | None:
    """Lists all of them, and which the result is about; None where the file holds one only."""
    if not result.items:
        return None
    items: list[str | Message] = [item_text(item) for item in result.items]
    return Message("This file holds {items}.", {"items": joined(items, " · ")})
