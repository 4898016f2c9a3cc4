"""A pack, decoded: every face as a wide crop in the memory of one device."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from detector.faces.detection import crop_face, crop_square
from detector.facts import DetectedFace
from training.on_gpu.geometry import WIDE_SCALE

# Side of a wide crop in pixels: faces of 224 px and less keep all of their detail.
WIDE_SIDE = 448
# Outlines are smooth and need less.
OUTLINE_SIDE = 112


@dataclass(frozen=True)
class Store:
    """Faces of a pack.

    Attributes:
        wide: ``(N, 3, 448, 448)`` uint8 RGB.
        outlines: Parts of the faces, ``(N, parts, 112, 112)`` uint8, 0 or 255; all 0 where no landmarks are known.
        size: Of each face in sides of its wide crop, ``(N,)``; 0 where no landmarks are known.
        columns: Of the index: ``source``, ``manipulation``, ``split``, ``group``, ``file``, ``frame``, ``original``.
    """

    wide: torch.Tensor
    outlines: torch.Tensor
    size: torch.Tensor
    columns: dict[str, np.ndarray]


def load(
    folder: Path, parts: dict[str, list[int]], device: torch.device | str, workers: int, is_trial: bool = False
) -> Store:
    """Decodes a pack.

    Args:
        folder: With ``index.npz`` and the parts.
        parts: Numbers of the index's points around each part of a face; the first is the whole face.
        device: Where the crops go.
        workers: Threads.
        is_trial: Whether a pack without all of its parts will do.

    Raises:
        FileNotFoundError: A part is missing.
    """
    columns, files = read_index(folder), Files(folder)
    is_there = np.array([name in files for name in columns["file"]])
    if not is_there.all():
        if not is_trial:
            raise FileNotFoundError(f"{(~is_there).sum()} faces of {folder} are in no part of it.")
        columns = only(columns, np.flatnonzero(is_there))
    decoded = _Decoder(columns, parts)
    cv2.setNumThreads(1)
    with ThreadPoolExecutor(workers) as pool:
        wanted = rows_by_file(columns, range(len(columns["box"])))
        list(pool.map(lambda name: decoded.add(files.read(name), wanted[name]), wanted))
    count = len(columns["box"])
    pixels = torch.empty(count, 3, WIDE_SIDE, WIDE_SIDE, dtype=torch.uint8, device=device)
    for start in range(0, count, 512):
        pixels[start : start + 512] = torch.from_numpy(decoded.wide[start : start + 512]).to(device).movedim(-1, 1)
    outlines, size = (torch.from_numpy(values).to(device) for values in (decoded.outlines, decoded.size))
    kept = {name: values for name, values in columns.items() if name not in ("point", "box")}
    return Store(pixels, outlines, size, kept)


class _Decoder:
    """Cuts the faces of files; several threads may add files at once.

    Attributes:
        wide: See `Store`, with the channels last.
        outlines: See `Store`.
        size: See `Store`.
    """

    def __init__(self, columns: dict[str, np.ndarray], parts: dict[str, list[int]]):
        count = len(columns["box"])
        self._columns, self._parts = columns, parts
        self.wide = np.zeros((count, WIDE_SIDE, WIDE_SIDE, 3), np.uint8)
        self.outlines = np.zeros((count, len(parts), OUTLINE_SIDE, OUTLINE_SIDE), np.uint8)
        self.size = np.zeros(count, np.float32)

    def add(self, data: bytes, wanted: list[tuple[int, int]]) -> None:
        """Cuts all faces of a file, given its content and the row and frame of each face."""
        for row, image in read_pictures(data, wanted):
            face = face_of(self._columns, row)
            left, top, side = crop_square(face.box_px, WIDE_SCALE)
            way = cv2.INTER_AREA if side > WIDE_SIDE else cv2.INTER_CUBIC
            self.wide[row] = cv2.resize(crop_face(image, face, WIDE_SCALE), (WIDE_SIDE, WIDE_SIDE), interpolation=way)
            points = self._columns["point"][row]
            if not np.isnan(points).any():
                self._draw(row, (points - [left, top]) / side)

    def _draw(self, row: int, points: np.ndarray) -> None:
        """Draws the outlines of the parts of a face, from points in sides of its wide crop."""
        self.size[row] = np.sqrt(np.prod(np.ptp(points, axis=0)))
        for number, members in enumerate(self._parts.values()):
            hull = cv2.convexHull((points[members] * OUTLINE_SIDE).astype(np.float32))
            cv2.fillConvexPoly(self.outlines[row, number], (hull * 16).round().astype(np.int32), 255, shift=4)


class Files:
    """The files of a pack; several threads may read at once."""

    def __init__(self, folder: Path):
        archives = [zipfile.ZipFile(file) for file in sorted(folder.glob("part_*.zip"))]
        self._archive_of = {name: archive for archive in archives for name in archive.namelist()}

    def __contains__(self, name: str) -> bool:
        return name in self._archive_of

    def read(self, name: str) -> bytes:
        """Gives the content of a file."""
        return self._archive_of[name].read(name)


def read_index(folder: Path) -> dict[str, np.ndarray]:
    """Reads the columns of a pack's index, by their names in `training.on_gpu.pack.Index`."""
    return {name.removesuffix("s"): values for name, values in np.load(folder / "index.npz").items()}


def only(columns: dict[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
    """Cuts the columns down to some rows; a fake whose original is not among them has none."""
    place = np.full(len(columns["box"]), -1)
    place[rows] = np.arange(len(rows))
    kept = {name: values[rows] for name, values in columns.items()}
    return kept | {"original": np.where(kept["original"] >= 0, place[kept["original"]], -1)}


def rows_by_file(columns: dict[str, np.ndarray], rows: Iterable[int]) -> dict[str, list[tuple[int, int]]]:
    """Groups rows by their file: row and frame of each, as `read_pictures` takes them."""
    found: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        found.setdefault(str(columns["file"][row]), []).append((row, int(columns["frame"][row])))
    return found


def face_of(columns: dict[str, np.ndarray], row: int) -> DetectedFace:
    """Gives the face of a row, as `detector.faces.detection.crop_face` takes it."""
    x0, y0, x1, y1 = (float(value) for value in columns["box"][row])
    return DetectedFace((x0, y0, x1, y1), (), 1.0)


def read_pictures(data: bytes, rows: list[tuple[int, int]]) -> Iterator[tuple[int, np.ndarray]]:
    """The picture of each row, RGB: the photo itself, or frames of the clip by number."""
    if rows[0][1] < 0:
        photo = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if photo is None:
            raise ValueError("A photo of the pack cannot be decoded.")
        for row, _ in rows:
            yield row, photo[:, :, ::-1]
        return
    row_of = {frame: row for row, frame in rows}
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:  # OpenCV reads files only
        file.write(data)
        file.flush()
        video = cv2.VideoCapture(file.name)
        for number in range(max(row_of) + 1):
            found, image = video.read()
            if not found:
                break
            if number in row_of:
                yield row_of[number], image[:, :, ::-1]
        video.release()
