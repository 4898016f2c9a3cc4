"""How the picture of scores over time is laid out: its room, its scales, and the bands of the verdicts."""

from __future__ import annotations

from dataclasses import dataclass

from detector.messages import Message, joined


@dataclass(frozen=True)
class Layout:
    """The room of a picture, in its units.

    Attributes:
        width: Of the whole picture.
        height: Likewise; grows by a line for each title that finds no room among the curves.
        left: Left of the plot, for the values of its axis.
        top: Above it, for the spans.
        bottom: Below it, for the times.
        font: Size of all words.
        max_ticks: Of the axis of time.
        has_titles: Whether the verdicts are named inside; else only the scores at which they begin, see `timeline_key`.
    """

    width: int
    height: int
    left: int
    top: int
    bottom: int
    font: int
    max_ticks: int
    has_titles: bool


# Words have at least 12 px where the wide one is shown 702 px wide or more, and the narrow one 283, as on the smallest phones.
WIDE = Layout(width=760, height=320, left=44, top=26, bottom=42, font=13, max_ticks=12, has_titles=True)
NARROW = Layout(width=330, height=290, left=36, top=26, bottom=46, font=14, max_ticks=5, has_titles=False)


@dataclass(frozen=True)
class Scales:
    """Where times and scores lie in the picture, in its units."""

    duration_s: float
    left: float
    right: float
    top: float
    bottom: float

    def x(self, time_s: float) -> float:
        """Gives the place of a time."""
        return round(self.left + (self.right - self.left) * time_s / max(self.duration_s, 1e-6), 1)

    def y(self, score: float) -> float:
        """Gives the height of a score, from the top."""
        return round(self.top + (self.bottom - self.top) * (1 - score), 1)


@dataclass(frozen=True)
class Band:
    """The scores of one verdict: its title, in words at which score it begins or ends, and where it lies."""

    title: Message
    limit: Message | None
    top: float
    bottom: float

    @property
    def full_title(self) -> Message:
        """The title with the limit."""
        return joined([self.title, " (", self.limit, ")"], "") if self.limit else self.title
