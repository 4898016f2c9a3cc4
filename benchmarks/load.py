"""Sends many visitors at once, for minutes: does the server answer all of them, and does it grow?

    python -m benchmarks.load

Starts the server as people do, with the bundled model, on loopback; sends photos, clips, bad files, pages that are closed in
the middle of an analysis and uploads that break off; then looks at what is left.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx2
from tqdm import tqdm

from benchmarks.server_process import ROOT, Footprint, ServerProcess
from benchmarks.visits import VISITS, Busy, Media, Unexpected, Visitor
from detector.command_line import stoppable

# Eight clients take 150 MB more than one within four minutes, most of it at once.
MAX_GROWTH_MB = 200
SETTLE_S = 60  # pages that were closed are noticed by their heartbeat


@dataclass
class Report:
    """What was sent and what came of it.

    Attributes:
        visits: Number of visits, by kind.
        busy: Number of visits that the full queue turned away in words.
        errors: Number of answers that nobody should get, by kind.
        seconds: Time from the first visit to the last answer.
        slowest_s: Time of the slowest visit, its wait in the queue included.
        before: What the server held after a visit of each kind; None with ``--url``.
        after: What the server held after all visits.
        failures: Reasons why this run failed; empty when it did not.
    """

    visits: Counter[str] = field(default_factory=Counter)
    busy: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest_s: float = 0.0
    before: Footprint | None = None
    after: Footprint | None = None
    failures: list[str] = field(default_factory=list)


def media() -> Media:
    """Reads the example photo and clip, and makes files that are neither."""
    photo, clip = (ROOT / "examples" / name for name in ("astronaut.jpg", "astronaut.mp4"))
    bad = [
        (b"", ".jpg"),
        (b"not a photo\n" * 100, ".jpg"),
        (photo.read_bytes()[:20_000], ".jpg"),
        (clip.read_bytes()[:5_000], ".mp4"),
        (b"\x89PNG\r\n\x1a\n" + bytes(1000), ".png"),
    ]
    return Media(photo.read_bytes(), clip.read_bytes(), bad)


def measure(address: str, clients: int, seconds: float, server: ServerProcess | None, seed: int = 0) -> Report:
    """Lets clients visit a server, and measures it before and after.

    Args:
        address: Address of the server.
        clients: Number of clients that visit at once.
        seconds: Time after which no new visit begins.
        server: Server to watch for growth; None where it is not ours.
        seed: Seed of the order of visits.
    """
    report, lock, sent = Report(), threading.Lock(), media()
    for visit, _ in VISITS.values():  # what is loaded once is no growth
        visit(Visitor(address, sent))
    report.before = settled(server)
    start = time.monotonic()
    with tqdm(desc="visits", unit="visit", disable=None) as bar:

        def client(number: int) -> None:
            order, visitor = random.Random(seed + number), Visitor(address, sent)
            kinds = [name for name, (_, often) in VISITS.items() for _ in range(often)]
            while time.monotonic() - start < seconds:
                kind, begun = order.choice(kinds), time.monotonic()
                busy, error = _visit(kind, visitor)
                with lock:
                    report.visits[kind] += 1
                    report.busy += busy
                    report.errors.update([error] if error else [])
                    report.slowest_s = max(report.slowest_s, time.monotonic() - begun)
                    bar.update()

        # daemons, so that Ctrl-C need not wait for them
        threads = [threading.Thread(target=client, args=(number,), daemon=True) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    report.seconds = time.monotonic() - start
    report.after = settled(server)
    return report


def _visit(kind: str, visitor: Visitor) -> tuple[bool, str]:
    """Makes one visit; gives whether the queue was full, and what was wrong with the answer, if anything."""
    try:
        VISITS[kind][0](visitor)
    except Busy:
        time.sleep(1)
        return True, ""
    except (Unexpected, httpx2.HTTPError, OSError) as error:
        return False, f"{kind}: {str(error) or type(error).__name__}"
    return False, ""


def settled(server: ServerProcess | None) -> Footprint | None:
    """Measures the server once nothing changes any more: closed pages are noticed late. None where it is not ours."""
    if server is None:
        return None
    end, last, same = time.monotonic() + SETTLE_S, None, 0
    while time.monotonic() < end and same < 8:
        now = server.footprint()
        same = same + 1 if last and (now.files, now.descriptors) == (last.files, last.descriptors) else 0
        last = now
        time.sleep(0.5)
    return last


def judge(report: Report, max_growth_mb: int, max_descriptors: int) -> list[str]:
    """Says what is wrong with a run, in plain sentences."""
    failures = [f"{count} x {error}" for error, count in report.errors.items()]
    before, after = report.before, report.after
    if before and after:
        if (grown := after.memory_mb - before.memory_mb) > max_growth_mb:
            failures.append(f"memory grew by {grown} MB, more than {max_growth_mb}")
        if (grown := after.descriptors - before.descriptors) > max_descriptors:
            failures.append(f"descriptors grew by {grown}, more than {max_descriptors}")
        # halves of broken uploads lie until they are old
        if (grown := after.files - before.files - report.visits["broken_upload"]) > 0:
            failures.append(f"{grown} files were left behind")
    if not report.visits:
        failures.append("nothing was sent")
    return failures


def text(report: Report) -> str:
    """Writes the report for people."""
    total = sum(report.visits.values())
    lines = [
        f"visits: {total} ({', '.join(f'{kind} {count}' for kind, count in sorted(report.visits.items()))})",
        f"turned away by the full queue, in words: {report.busy}",
        f"throughput: {60 * total / max(report.seconds, 1e-3):.0f} visits a minute; slowest {report.slowest_s:.1f} s",
    ]
    if report.before and report.after:
        lines += [
            f"{name.replace('_', ' ')}: {value} -> {asdict(report.after)[name]}"
            for name, value in asdict(report.before).items()
        ]
    return "\n".join([*lines, *(f"FAILED: {failure}" for failure in report.failures)])


@stoppable
def main(arguments: list[str] | None = None, command: tuple[str, ...] = ("app.py",)) -> int:
    """Runs the command; returns the exit code: 0 done, 1 the server failed, 130 stopped by Ctrl-C.

    Args:
        arguments: Words of the command line; None takes those of the process.
        command: Arguments of Python for the server.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load",
        description="Visits the server with many clients and checks its answers and its growth.",
        epilog="example: python -m benchmarks.load --clients 8 --minutes 10 --json; exit code 1: at least one failure",
    )
    add = parser.add_argument
    add("--clients", type=int, default=4, help="number of clients that visit at once (default: %(default)s)")
    add("--minutes", type=float, default=2, help="how long they visit (default: %(default)s)")
    add("--url", help="a server that runs already; its growth is not seen, and its RATE_LIMIT must let them in")
    add(
        "--max-growth-mb",
        type=int,
        default=MAX_GROWTH_MB,
        help="growth of memory that is allowed after warming up (default: %(default)s)",
    )
    add(
        "--max-descriptors",
        type=int,
        default=20,
        help="growth of open descriptors that is allowed (default: %(default)s)",
    )
    add("--seed", type=int, default=0, help="seed of the order of visits (default: %(default)s)")
    add("--json", action="store_true", help="print JSON instead of lines")
    options = parser.parse_args(arguments)
    run = (options.clients, 60 * options.minutes)
    if options.url:
        report = measure(options.url.rstrip("/"), *run, None, options.seed)
    else:
        with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder), command) as server:
            report = measure(server.address, *run, server, options.seed)
    report.failures = judge(report, options.max_growth_mb, options.max_descriptors)
    sys.stdout.write((json.dumps(report, indent=2, default=vars) if options.json else text(report)) + "\n")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
