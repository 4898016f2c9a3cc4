"""Sound photos under names that were made to break a page, a shell, a spreadsheet or a file system."""

from collections.abc import Iterator

from tests.hostile.entry import HostileFile
from tests.hostile.originals import sound_photos, sound_videos

NAMES = (
    "<img src=x onerror=alert(1)>.jpg",
    "<script>alert(1)<%2Fscript>.jpg",
    '"><svg onload=alert(1)>.jpg',
    "'-alert(1)-'.jpg",
    "{{7*7}}{% raw %}.jpg",
    "${jndi:ldap:x}.jpg",
    "[link](javascript:alert(1)).jpg",
    "`id`$(id);id|id&&id.jpg",
    "-rf.jpg",
    "--report=x.jpg",
    "%s%n%00%2e%2e.jpg",
    "..\\..\\windows\\system32.jpg",
    "C:photo.jpg",
    "CON.jpg",
    "photo.jpg:stream",
    "=cmd|calc!A1.jpg",
    "@SUM(1).jpg",
    "line\nbreak.jpg",
    "carriage\rreturn.jpg",
    "tab\tbell\a.jpg",
    "\x1b[31mred\x1b[2J.jpg",
    "delete\x7f.jpg",
    "next\x85line.jpg",
    "right\u202egpj.exe",
    "zero\u200bwidth\ufeff.jpg",
    "paragraph\u2029line\u2028.jpg",
    "\N{PILE OF POO}\N{FAMILY}.jpg",
    "\N{WOMAN}\u200d\N{ROCKET}.jpg",
    "e\u0301.jpg",
    "\u00e9.jpg",
    "写真.jpg",
    "صورة.jpg",
    "no text \udcff\udc80.jpg",
    " leading and trailing ",
    "dots...",
    ".hidden",
    "...",
    "a" * 251 + ".jpg",
    "\u00e4" * 125 + ".jpg",
    "\N{PILE OF POO}" * 62 + ".jpg",
    "a." * 127,
    "pattern:%03d.jpg",
    "concat:a|b.mp4",
    "file:photo.mp4",
    "pipe:0",
    "data:image.jpg",
    "photo.jpg?a=1#b",
    "photo*[?].jpg",
)
# Names that FFmpeg would take for an address or a list are given to a clip as well, which it opens by name.
CLIP_NAMES = (
    "<img src=x onerror=alert(1)>.mp4",
    "pattern-%03d.mp4",
    "concat:a|b.mp4",
    "file:clip.mp4",
    "pipe:0",
    "http:x.mp4",
    "subfile,,start,0,end,9,,:x.mp4",
    "line\nbreak\x1b[2J.mp4",
    "no text \udcff.mp4",
    "\N{PILE OF POO}" * 62 + ".mp4",
    "-i.mp4",
)


def files() -> Iterator[HostileFile]:
    """All of them."""
    for data, names in ((sound_photos()["photo.jpg"], NAMES), (sound_videos()["moov_last.mp4"], CLIP_NAMES)):
        for name in names:
            hidden = name if set(name) & set("<>&\"'") else ""
            yield HostileFile("name", name, data, "result", faces=1, hides=hidden)
