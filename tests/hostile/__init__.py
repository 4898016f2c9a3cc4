"""Bad and odd files as strangers send them, made anew and always the same; each says what must come of it."""

from collections import defaultdict
from functools import cache

from tests.hostile import bombs, damage, disguises, names, photos, videos
from tests.hostile.entry import KINDS, HostileFile


@cache
def hostile_files() -> dict[str, list[HostileFile]]:
    """All files by kind, the same in every process."""
    by_kind: dict[str, list[HostileFile]] = defaultdict(list)
    for module in (damage, photos, videos, bombs, disguises, names):
        for file in module.files():
            by_kind[file.kind].append(file)
    return dict(by_kind)


__all__ = ["KINDS", "HostileFile", "hostile_files"]
