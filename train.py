"""Fine-tunes a face manipulation detector, evaluates it and writes a model folder.

    python -m dataset_builder --root FaceForensics --output data/deepfakes_c23
    python train.py --dataset data/deepfakes_c23 --output-dir runs/deepfakes_c23

The folder ``OUTPUT_DIR/model`` then holds what the Hub and ``app.py`` take: config.json, model.safetensors,
evaluation.json, plots and README.md. A killed run goes on from its last checkpoint when the same command is given again.

Fakes made on the fly, each shown beside the real crop it was made of, teach what one data set's own fakes do not:

    python train.py --dataset data/deepfakes_c23 --real-dataset data/portraits --self-blended 0.45 --face-swap 0.3

Measuring alone, on any data sets of the builder, and several devices or machines:

    python train.py --dataset data/deepfakes_c23 --test-datasets data/celeb_df --evaluate-only runs/deepfakes_c23/model
    torchrun --standalone --nproc-per-node 2 train.py --dataset data/deepfakes_c23

The table of the original story, a simple CNN against VGG-16:

    python train.py --dataset data/deepfakes_c23 --model simple_cnn vgg16 --output-dir runs/story
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from pathlib import Path

from huggingface_hub.errors import HfHubHTTPError
from transformers import HfArgumentParser

from detector.model import ModelError
from training.calibration import calibrate
from training.card import comparison_table, render_card
from training.data import SelectionCrops, crop_transform
from training.evaluation import evaluate, stored_facts, training_facts
from training.fine_tuning import fine_tune
from training.material import Material, prepare
from training.models import build_classifier, check_name
from training.options import Options
from training.publish import push_model

logger = logging.getLogger("train")


def train_and_measure(options: Options, material: Material, name: str, output_dir: Path) -> dict | None:
    """One model from its start to its card; None on all but the first of several processes."""
    model = build_classifier(name, len(material.classes), options.mask_weight)
    transform = crop_transform(model.data_config)
    selection = SelectionCrops(material.validation, options.selection_samples, transform)
    model = fine_tune(model, options, material.training_pairs(transform), selection, output_dir)
    if not is_first_process():
        return None
    folder = output_dir / "model"
    calibration = calibrate(model, material.validation, folder, list(material.classes))
    return evaluate(folder, material, options, training_facts(options, material, name), calibration)


def is_first_process() -> bool:
    """Whether this process writes and prints; the others, of torchrun or accelerate, only train."""
    return int(os.environ.get("RANK", "0")) == 0


def run(options: Options) -> dict[str, dict | None]:
    """Trains, or only measures; gives the evaluation of each model by its name.

    Raises:
        ValueError: An option, a folder or a file is not what it should be; one sentence.
    """
    for name in options.model:
        check_name(name)
    # what can be wrong is looked at first: reading the data takes a while
    if options.evaluate_only:
        folder = Path(options.evaluate_only)
        facts = stored_facts(folder)
        return {folder.name: evaluate(folder, prepare(options), options, *facts)}
    material = prepare(options)
    output = Path(options.output_dir)
    several = len(options.model) > 1
    return {
        name: train_and_measure(options, material, name, output / name if several else output) for name in options.model
    }


class _HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Examples as they are, and every default."""


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 2 an option or a folder is wrong, or the Hub refused."""
    parser = HfArgumentParser(Options, formatter_class=_HelpFormatter, description=__doc__)
    (options,) = parser.parse_args_into_dataclasses(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        evaluations = run(options)
        if not is_first_process():
            return 0
        if options.push_to_hub:
            revision = push_model(Path(options.output_dir) / "model", options.push_to_hub)
            logger.info("pushed revision %s", revision)
    except (ValueError, ModelError, HfHubHTTPError) as error:
        logger.debug("refused", exc_info=True)
        sys.stderr.write(f"{error}\n")
        return 2
    if options.json:
        found = evaluations if len(evaluations) > 1 else next(iter(evaluations.values()))
        sys.stdout.write(json.dumps(found) + "\n")
    elif len(evaluations) > 1:
        table = comparison_table(evaluations)
        (Path(options.output_dir) / "comparison.md").write_text(table + "\n", encoding="utf-8")
        sys.stdout.write(table + "\n")
    else:
        sys.stdout.write(render_card(next(iter(evaluations.values()))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
