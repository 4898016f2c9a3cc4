"""Fine-tunes a face manipulation detector, evaluates it and writes a model folder.

    python -m dataset_builder --root FaceForensics --output data/deepfakes_c23
    python train.py --dataset data/deepfakes_c23 --output-dir runs/deepfakes_c23

The folder ``OUTPUT_DIR/model`` then holds what the Hub and ``app.py`` take: config.json, model.safetensors,
evaluation.json, plots and README.md. A killed run resumes from its last checkpoint when the same command is given again.

Fakes made on the fly, each shown beside the real crop it was made of, teach what the fakes of one data set do not:

    python train.py --dataset data/deepfakes_c23 --real-dataset data/portraits --self-blended 0.45 --landmark-swap 0.3

Measuring alone, on any data sets of the builder, and training with several devices or machines:

    python train.py --dataset data/deepfakes_c23 --test-datasets data/celeb_df --evaluate-only runs/deepfakes_c23/model
    torchrun --standalone --nproc-per-node 2 train.py --dataset data/deepfakes_c23

The table of the original story, a simple CNN against VGG-16; only train.py can load the simple CNN:

    python train.py --dataset data/deepfakes_c23 --model simple_cnn vgg16 --output-dir runs/story
"""

from __future__ import annotations

import sys

from detector.command_line import STOPPED, error_line, report_missing_package
from training.option_parser import parse_options


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 2 refused or packages are missing, 130 stopped by Ctrl-C."""
    try:
        options = parse_options(arguments, __doc__)
    except ValueError as error:
        sys.stderr.write(f"{error_line(error)}\n")
        return 2
    try:
        # not at the top: it loads packages of training, which may be missing; --help needs none of them
        from training import command
    except ModuleNotFoundError as error:
        return report_missing_package(error, "requirements-train.txt", needed_by="Training")
    except KeyboardInterrupt:
        return STOPPED
    return command.main(options)


if __name__ == "__main__":
    sys.exit(main())
