"""One training run: the Trainer, its learning rates, its schedules, its checkpoints."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits
from torch.utils.data import Subset
from transformers import (
    EarlyStoppingCallback,
    EvalPrediction,
    ProgressCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)

from detector.network.runtimes import log_odds
from training.data.inputs import collate
from training.data.selection_crops import SelectionCrops
from training.data.training_pairs import TrainingPairs
from training.learning_rates import cosine_after_warmup, parameter_groups
from training.networks.models import Classifier
from training.options import TrainingOptions
from training.run_folder import last_complete_checkpoint

# Batches behind the statistics that normalisation starts with, and ends with.
STATISTICS_BATCHES = 8
WARMUP = 0.05  # share of the steps


class InputSizeSchedule(TrainerCallback):
    """Trains at one size and finishes at another; depends on the step alone, so a resumed run keeps it."""

    def __init__(self, options: TrainingOptions):
        self._options = options

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Sets the side for the step."""
        model = getattr(kwargs["model"], "module", kwargs["model"])  # several processes wrap it
        finishes = state.global_step >= (1 - self._options.finish_share) * state.max_steps
        model.training_side = self._options.finish_size if finishes else self._options.input_size


class Progress(ProgressCallback):
    """Shows bars and figures on standard error: standard output is for the result."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Shows the figures above the bar."""
        if self.training_bar is not None and logs:
            shown = (f"{name} {value:.4g}" for name, value in logs.items() if name != "total_flos")
            self.training_bar.write(", ".join(shown), file=sys.stderr)


class EarlyStopping(EarlyStoppingCallback):
    """Stops early; a killed run gets no more patience, because the count comes back with the checkpoint.

    `ExportableState` finds the stored count by this class's name.
    """

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Stops a run that had stopped early before it was killed, at the latest after one more step."""
        super().on_train_begin(args, state, control, **kwargs)
        if self.early_stopping_patience_counter >= self.early_stopping_patience:
            control.should_training_stop = True


def optimizer(model: Classifier, options: TrainingOptions) -> torch.optim.Optimizer:
    """Makes AdamW; the learning rate falls from block to block downwards, and the fresh head has one of its own."""
    groups = parameter_groups(model, options.learning_rate, options.block_decay, options.head_learning_rate)
    return torch.optim.AdamW(groups, weight_decay=0.01)


def schedule(
    optimizer: torch.optim.Optimizer, options: TrainingOptions, steps: int
) -> torch.optim.lr_scheduler.LambdaLR:
    """Makes a cosine schedule after a linear warm-up; the blocks wait until the head has had its share of the steps.

    Args:
        optimizer: Optimizer whose last group is the head.
        options: Gives the share of the steps in which the head alone learns.
        steps: Number of steps of the whole run.
    """

    def factor_from(start: float) -> Callable[[int], float]:
        """Makes the factor on a learning rate that rises from a share of the steps on."""
        return lambda step: cosine_after_warmup(step / max(steps, 1), WARMUP, start)

    starts = [options.head_warmup] * (len(optimizer.param_groups) - 1) + [0.0]
    return torch.optim.lr_scheduler.LambdaLR(optimizer, [factor_from(start) for start in starts])


def mixed_precision() -> dict[str, bool]:
    """Chooses ``bf16`` or ``fp16`` of the Trainer, or neither: whatever makes a step cheaper on this device.

    bfloat16 halves the time where the device has it and is slower where it is imitated: on older processors, and on
    GPUs before Ampere, which have float16.
    """
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return {"bf16": native, "fp16": not native}
    return {"bf16": bool(torch.cpu.get_capabilities().get("avx512_bf16", False)), "fp16": False}


def validation_auc(prediction: EvalPrediction) -> dict[str, float]:
    """Computes the frame AUC over labelled and pseudo-fakes of the validation split together."""
    scores = log_odds(np.asarray(prediction.predictions, np.float64), real=0)
    labels = np.asarray(prediction.label_ids) != 0
    return {"auc": float(roc_auc_score(labels, scores)) if 0 < labels.mean() < 1 else 0.5}


def fine_tune(
    model: Classifier,
    options: TrainingOptions,
    pairs: TrainingPairs,
    selection: SelectionCrops,
    folder: Path,
    initial_weights: str | None = None,
) -> Classifier:
    """Trains a model, or resumes from the last checkpoint, and gives back its best weights.

    Normalisation is measured again on the last pairs.

    Args:
        model: Fresh model; changed in place.
        options: How to train.
        pairs: Training crops.
        selection: Validation crops that early stopping looks at.
        folder: Folder that gets checkpoints and TensorBoard logs.
        initial_weights: File of the weights to start from; None fetches timm's.

    Raises:
        ValueError: The weights to start from cannot be had.
    """
    # OpenCV's own threads do not survive the fork of the loader's workers
    cv2.setNumThreads(1)
    set_seed(options.seed)
    torch.backends.cudnn.deterministic = True
    checkpoint = last_complete_checkpoint(folder)
    if checkpoint is None:
        model.load_pretrained(initial_weights)
    trainer = _build_trainer(model, options, pairs, selection, folder)
    # each worker of the loader would start a thread for each core to choose partners, and all would wait for all
    with threadpool_limits(1, user_api="blas"):
        if checkpoint is None:
            model.training_side = options.input_size
            loader = trainer.get_train_dataloader()
            model.match_statistics(batch["pixel_values"] for batch in islice(loader, STATISTICS_BATCHES))
        trainer.train(resume_from_checkpoint=checkpoint)
        # in float32, as the model is used: the Trainer leaves it wrapped to compute in bfloat16 where the device can
        trainer.accelerator.unwrap_model(model, keep_fp32_wrapper=False)
        # the last pairs: augmentation has its full strength there
        last = range(max(len(pairs) - STATISTICS_BATCHES * trainer.args.train_batch_size, 0), len(pairs))
        loader = trainer.get_test_dataloader(Subset(pairs, last))
        model.settle_statistics(batch["pixel_values"] for batch in loader)
    return model.cpu().eval()


def _build_trainer(
    model: Classifier, options: TrainingOptions, pairs: TrainingPairs, selection: SelectionCrops, folder: Path
) -> Trainer:
    """Sets up the Trainer, with our optimizer, schedules and callbacks."""
    arguments = _training_arguments(options, folder)
    callbacks: list[TrainerCallback] = [InputSizeSchedule(options)]
    if options.patience:
        callbacks.append(EarlyStopping(options.patience))
    updates = optimizer(model, options)
    steps = math.ceil(math.ceil(len(pairs) / arguments.world_size) / arguments.train_batch_size)
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=pairs,
        eval_dataset=selection,
        data_collator=collate,
        compute_metrics=validation_auc,
        callbacks=callbacks,
        optimizers=(updates, schedule(updates, options, steps)),
    )
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(Progress())
    return trainer


def _training_arguments(options: TrainingOptions, folder: Path) -> TrainingArguments:
    """Translates the options into the arguments of the Trainer."""
    precision = mixed_precision()
    on_cpu = not torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=1,  # the pairs are those of the whole run, in their order
        train_sampling_strategy="sequential",
        per_device_train_batch_size=options.batch_size // 2,  # pairs
        per_device_eval_batch_size=options.batch_size,
        bf16=precision["bf16"],
        fp16=precision["fp16"],
        use_cpu=on_cpu,
        dataloader_num_workers=options.workers,
        remove_unused_columns=False,
        label_names=["labels"],
        eval_strategy="steps",
        save_strategy="steps",
        eval_steps=options.save_steps,
        save_steps=options.save_steps,
        save_total_limit=2,
        load_best_model_at_end=True,
        restore_callback_states_from_checkpoint=True,
        metric_for_best_model="auc",
        logging_steps=10,
        report_to=["tensorboard"],
        seed=options.seed,
        log_level="warning",
        # accelerate takes a backend for a sign that there are several processes
        ddp_backend="gloo" if on_cpu and int(os.environ.get("WORLD_SIZE", "1")) > 1 else None,
    )
