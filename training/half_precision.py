"""Measures on held-out crops whether half precision gives the verdicts of float32, and stores that with a model.

    python -m training.half_precision model --dataset data/face_swaps

The application computes in half precision on a GPU only where the figures allow it; see `detector.network.runtimes.cuda_runtime`.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from detector.command_line import error_line, stoppable
from detector.network.loading import ModelError, load_folder
from detector.network.quantisation import HALF_KEY
from detector.network.runtimes import NoGpuError, RuntimeFacts, UnsuitableError
from detector.network.runtimes.cuda_runtime import BATCH_SIZE, build_cuda_runtime
from training.data.evaluation_sets import EvaluationSet, LabelledSet
from training.data.splits import load_splits
from training.networks.models import write_config
from training.quantisation import compare

DTYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16}


def measure_half(folder: Path, test: EvaluationSet, dtype: str = "float16", device: str = "cuda") -> dict[str, Any]:
    """Writes into config.json what half precision changes, against the reference on the CPU; gives the figures.

    Args:
        folder: Model folder.
        test: Held-out crops.
        dtype: One of `DTYPES`.
        device: ``cuda``, or ``cpu``, whose figures allow nothing on a GPU.

    Raises:
        ModelError: The folder holds no usable model.
        NoGpuError: There is no such device.
        UnsuitableError: It is another network.
    """
    file = folder / "config.json"
    float32 = load_folder(folder, folder.name, runtime="torch")
    config = json.loads(file.read_text(encoding="utf-8"))
    sha256 = float32.info.weights_sha256 or ""
    facts = RuntimeFacts(float32.info.real, (), sha256)
    # a CPU computes every crop that a batch is filled up with
    batch_size = BATCH_SIZE if device == "cuda" else 1
    runtime = build_cuda_runtime(folder, config, facts, device, DTYPES[dtype], batch_size)
    measured = compare(float32, replace(float32, runtime=runtime), test, dtype)
    stored = {
        "weights_sha256": sha256,
        "dtype": dtype,
        "device": torch.cuda.get_device_name() if device == "cuda" else device,
        "measured": measured,
    }
    write_config(file, config | {"detector": config["detector"] | {HALF_KEY: stored}})
    return measured


@stoppable
def main(arguments: list[str] | None = None) -> int:
    """Runs the command.

    Returns:
        The exit code: 0 done, 1 the network stays in float32, 2 a folder is wrong or there is no such device, 130 stopped by Ctrl-C.
    """
    parser = argparse.ArgumentParser(
        prog="python -m training.half_precision",
        description="Measures what half precision changes, and stores it with a model.",
        epilog="example: python -m training.half_precision model --dataset data/face_swaps",
    )
    parser.add_argument("folder", type=Path, help="model folder")
    parser.add_argument("--dataset", required=True, help="data set of the builder; its test split is measured")
    parser.add_argument(
        "--dtype", choices=list(DTYPES), default="float16", help="what to measure (default: %(default)s)"
    )
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help="where (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        test = LabelledSet(Path(options.dataset).name, load_splits(options.dataset, ("test",))["test"])
        measured = measure_half(options.folder, test, options.dtype, options.device)
    except (ValueError, ModelError, OSError) as error:
        if isinstance(error, UnsuitableError) and not isinstance(error, NoGpuError):
            sys.stderr.write("This network stays in float32.\n")
            return 1
        sys.stderr.write(f"{error_line(error)}\n")
        return 2
    sys.stdout.write(json.dumps(measured) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
