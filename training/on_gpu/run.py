"""One training run on a GPU, with everything in its memory; stops itself in time.

    python -m training.on_gpu.run --pack pack --initial-weights model/model.safetensors --minutes 8 --output runs/gpu

Writes the averaged weights as a plain timm VGG-16 (float16, in parts that travel), and a log with the validation AUC of
each source and manipulation. ``python -m training.on_gpu.finish`` turns the parts into a model folder.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from sklearn.metrics import roc_auc_score
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD

from dataset_builder.sources import REAL
from detector.command_line import error_line, stoppable
from detector.faces.detection import CROP_SCALE
from training.learning_rates import cosine_after_warmup, parameter_groups
from training.networks.vgg16 import INPUT_SIZE, PooledVGG16
from training.on_gpu.augmentation import to_input
from training.on_gpu.averaging import Average, load_plain
from training.on_gpu.batches import Pairs, Share
from training.on_gpu.geometry import cut, upright
from training.on_gpu.images import resize
from training.on_gpu.prefetch import Prefetched
from training.on_gpu.store import Store, load

logger = logging.getLogger("training.on_gpu")

SHARES = [
    Share("ffpp", ("Deepfakes",), 9),
    Share("ffpp", ("Face2Face",), 7),
    Share("ffpp_frames", ("Deepfakes",), 3),
    Share("ffpp_frames", ("Face2Face",), 4),
    Share("ffpp_frames", ("NeuralTextures",), 6),
    Share("dfdc", ("DFDC",), 19),
    Share("swaps", ("swap",), 11),
    Share("ffpp", (), 9),
    Share("ffpp_frames", (), 6),
    Share("dfdc", (), 7),
    Share("swaps", (), 5),
    Share("portraits", (), 4),
    Share("lfw", (), 4),
    Share("fossasia2018", (), 3),
    Share("ropensci", (), 2),
    Share("ols", (), 0.5),
    Share("rladies", (), 0.5),
]
MEAN, STD = IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD  # as in the network's own configuration
WARMUP = 0.03  # share of the time
_PART_BYTES = 15_500_000


@torch.no_grad()
def validate(model: torch.nn.Module, store: Store) -> dict[str, float]:
    """Frame AUC of the validation split by source and manipulation, at the crop of the application."""
    columns = store.columns
    rows = np.flatnonzero(columns["split"] == "validation")
    scores = np.zeros(len(columns["split"]))
    for start in range(0, len(rows), 128):
        some = rows[start : start + 128]
        wide = store.wide[torch.from_numpy(some).to(store.wide.device)].float()
        crops = resize(cut(wide, upright(len(some), CROP_SCALE, wide.device), 291).clamp(0, 255), INPUT_SIZE)
        with torch.autocast(wide.device.type, dtype=torch.bfloat16, enabled=wide.is_cuda):
            logits = model(to_input(crops, INPUT_SIZE, MEAN, STD))["logits"].float()
        scores[some] = (logits[:, 1] - logits[:, 0]).cpu().numpy()
    found = {}
    # clips that were encoded again have a suffix of their own
    clips = columns["frame"] >= 0
    variant = np.where(clips, [name.partition(".")[2] for name in columns["file"]], "")
    for source, copy in sorted(set(zip(columns["source"][rows], variant[rows], strict=True))):
        chosen = rows[(columns["source"][rows] == source) & (variant[rows] == copy)]
        real = chosen[columns["manipulation"][chosen] == REAL]
        for kind in sorted(set(columns["manipulation"][chosen]) - {REAL}):
            fake = chosen[columns["manipulation"][chosen] == kind]
            if len(real):
                both = np.concatenate([fake, real])
                auc = roc_auc_score(columns["manipulation"][both] != REAL, scores[both])
                found[f"{source} {kind} {copy}".strip()] = round(float(auc), 4)
    reals = rows[columns["manipulation"][rows] == REAL]
    found["real: median log odds"] = round(float(np.median(scores[reals])), 3)
    return found


def store_weights(model: PooledVGG16, folder: Path, name: str) -> None:
    """Writes a model as a plain timm network in float16, in parts ``NAME.00``, ``NAME.01`` ..."""
    network = model.float().to_timm()
    data = save({key: value.half().cpu().contiguous() for key, value in network.state_dict().items()})
    for number, start in enumerate(range(0, len(data), _PART_BYTES)):
        (folder / f"{name}.{number:02}").write_bytes(data[start : start + _PART_BYTES])


def without(left_out: set[str]) -> list[Share]:
    """The shares of a batch without some sources and manipulations."""
    kept = []
    for share in SHARES:
        manipulations = tuple(name for name in share.manipulations if name not in left_out)
        if share.source not in left_out and (manipulations or not share.manipulations):
            kept.append(Share(share.source, manipulations, share.pairs))
    return kept


def without_share(columns: dict[str, np.ndarray], left_out: set[str]) -> list[str]:
    """Lists what a pack holds to learn from but no share names, so that no batch shows it.

    Args:
        columns: Of the index.
        left_out: Sources and manipulations that were left out on purpose; they are not listed.
    """
    fakes: dict[str, set[str]] = {}
    for share in SHARES:
        fakes.setdefault(share.source, {REAL}).update(share.manipulations)
    training = columns["split"] == "train"
    found = []
    for source in sorted(set(columns["source"][training]) - left_out):
        kinds = set(columns["manipulation"][training & (columns["source"] == source)])
        unnamed = sorted(kinds - fakes.get(source, set()) - left_out)
        if source not in fakes:
            found.append(str(source))
        elif unnamed:
            found.append(f"{source} ({', '.join(unnamed)})")
    return found


class Run:
    """A training run.

    Attributes:
        step: Steps taken so far.
    """

    def __init__(self, options: argparse.Namespace):
        """Loads the pack and the weights to start from.

        Raises:
            OSError: The pack or the weights are not there, or not whole.
            ValueError: The pack has no faces to learn from, or the weights are not those of VGG-16.
        """
        self._options, self._began = options, time.monotonic()
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        parts = json.loads((options.pack / "parts.json").read_text(encoding="utf-8"))
        self._store = load(options.pack, parts, self._device, options.workers, options.trial)
        logger.info("%d faces on %s after %.0f s", len(self._store.wide), self._device, self._seconds())
        if unused := without_share(self._store.columns, set(options.leave_out)):
            logger.warning("not learned from, as no share of a batch names it: %s", ", ".join(unused))
        self._pairs = Pairs(self._store, without(set(options.leave_out)), options.seed, options.pairs)
        logger.info("%s", "\n".join(self._pairs.describe()))
        self._batches = Prefetched(lambda: self._pairs.batch(INPUT_SIZE, MEAN, STD), self._device)
        model = PooledVGG16(2, mask_weight=options.mask_weight).to(self._device)
        self._model = model.to(memory_format=torch.channels_last)
        load_plain(self._model, options.initial_weights)
        self._model.match_statistics(next(self._batches)[0] for _ in range(4))
        self._average = Average(self._model, options.decay)
        # the heads start from nothing
        groups = parameter_groups(self._model, options.learning_rate, 0.9, 10 * options.learning_rate)
        self._optimizer = torch.optim.AdamW(groups, weight_decay=0.02, fused=torch.cuda.is_available())
        self.step = 0

    def train(self) -> None:
        """Trains until the time is up, and stores weights at 60 % of it and at the end.

        Raises:
            FloatingPointError: The loss is no number any more.
        """
        options, started = self._options, time.monotonic()
        seconds = 60 * options.minutes - self._seconds() - options.reserve_seconds
        rates = [group["lr"] for group in self._optimizer.param_groups]
        losses: list[torch.Tensor] = []
        is_stored = False
        while (done := (time.monotonic() - started) / seconds) < 1 and self.step < options.max_steps:
            for group, rate in zip(self._optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * cosine_after_warmup(done, WARMUP)
            losses.append(self._learn())
            if self.step % 100 == 0:
                self._report(losses, time.monotonic() - started)
                losses.clear()
            if self.step % options.validate_every == 0:
                logger.info("step %d validation %s", self.step, json.dumps(validate(self._model.eval(), self._store)))
            if done > 0.6 and not is_stored:
                is_stored = True
                self._store_average("early")
        self._store_average("final")
        self._batches.close()
        self._write_facts(time.monotonic() - started)

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _learn(self) -> torch.Tensor:
        """Takes a step; gives its loss, which is not waited for."""
        self._model.train()
        pixels, labels, masks = next(self._batches)
        on_gpu = self._device.type == "cuda"
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=on_gpu):
            result = self._model(pixels.contiguous(memory_format=torch.channels_last), labels, masks)
        self._optimizer.zero_grad(set_to_none=True)
        result["loss"].backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimizer.step()
        self._average.update(self._model, self.step)
        self.step += 1
        return result["loss"].detach()

    def _report(self, losses: list[torch.Tensor], seconds: float) -> None:
        loss = float(torch.stack(losses).mean())
        crops = self.step * 2 * self._options.pairs
        logger.info("step %d, %.0f s, %.0f crops/s, loss %.4f", self.step, seconds, crops / seconds, loss)
        if not math.isfinite(loss):
            raise FloatingPointError("The loss is no number any more; try a lower --learning-rate.")

    def _store_average(self, name: str) -> None:
        """Measures the normalisation of the averaged weights anew, validates and stores them."""
        model = self._average.model()
        model.settle_statistics(next(self._batches)[0] for _ in range(16))
        logger.info("%s validation %s", name, json.dumps(validate(model.eval(), self._store)))
        store_weights(model, self._options.output, name)

    def _write_facts(self, seconds: float) -> None:
        """Writes ``run.json``, which the card is made of."""
        options = self._options
        facts = {
            "start": options.initial_weights.name,
            "steps": self.step,
            "crops": self.step * 2 * options.pairs,
            "seconds": round(seconds),
            "learning_rate": options.learning_rate,
            "mask_weight": options.mask_weight,
            "decay": options.decay,
            "seed": options.seed,
            "left_out": sorted(options.leave_out),
            "shares": self._pairs.describe(),
            "data": describe_data(self._store.columns),
        }
        (options.output / "run.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def describe_data(columns: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """Counts the faces of each source by split, as evaluation.json holds them under ``data``."""
    found = []
    for source in np.unique(columns["source"]):
        chosen = columns["source"] == source
        splits, counts = np.unique(columns["split"][chosen], return_counts=True)
        found.append(
            {
                "name": str(source),
                "manipulations": sorted({str(name) for name in columns["manipulation"][chosen]} - {REAL}),
                "compression": ["c23 and encoded again"] if source == "ffpp" else ["unknown"],
                "crops": {str(split): int(count) for split, count in zip(splits, counts, strict=True)},
            }
        )
    return found


@stoppable
def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 2 the pack or an option is wrong, or the loss is none, 130 stopped by Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m training.on_gpu.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", type=Path, required=True, help="folder of python -m training.on_gpu.pack")
    parser.add_argument("--initial-weights", type=Path, required=True, help="safetensors of a plain VGG-16")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=8, help="of the whole run (default: %(default)s)")
    parser.add_argument("--reserve-seconds", type=float, default=25, help="for the end (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=96, help="in a batch (default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=2e-4, help="of the topmost block (default: %(default)s)")
    parser.add_argument("--mask-weight", type=float, default=0.5)
    parser.add_argument("--decay", type=float, default=0.999, help="of the averaged weights (default: %(default)s)")
    parser.add_argument("--leave-out", nargs="*", default=[], help="sources and manipulations not to learn from")
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-steps", type=int, default=10**9)
    parser.add_argument("--validate-every", type=int, default=1000)
    parser.add_argument("--trial", action="store_true", help="take a pack without all of its parts")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        Run(options).train()
    except (OSError, ValueError, FloatingPointError) as error:
        sys.stderr.write(f"{error_line(error)}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
