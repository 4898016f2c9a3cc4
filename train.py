"""Trains and measures a face manipulation detector; ``python train.py --help`` shows how (see `training.__main__`).

python train.py --dataset data/deepfakes_c23 --output-dir runs/deepfakes_c23
"""

from __future__ import annotations

import sys

from training.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
