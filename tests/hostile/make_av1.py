"""Makes the AV1 clips of `tests/fixtures` again: `python -m tests.hostile.make_av1`.

No test does so: the only AV1 encoder of PyAV, SVT-AV1, gives the thread that calls it a real-time policy where it runs as root,
see `tests.real_time`. Here the process ends at once.
"""

import os

from tests.hostile.originals import FIXTURES, video

ENCODER = {"preset": "12", "svtav1-params": "lp=1"}


def main() -> None:
    """Writes them."""
    os.environ.setdefault("SVT_LOG", "1")  # the encoder else writes a page to stderr
    for name, format, pixel_format in (
        ("av1.mp4", "mp4", "yuv420p"),
        ("av1-10-bit.webm", "webm", "yuv420p10le"),
        ("av1.ivf", "ivf", "yuv420p"),
    ):
        (FIXTURES / name).write_bytes(video(format, "libsvtav1", pixel_format=pixel_format, encoder=ENCODER))


if __name__ == "__main__":
    main()
