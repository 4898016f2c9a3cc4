"""Packages FaceForensics++ videos, or a folder of labelled photos, as a data set of face crops."""

from dataset_builder.builder import FaceCrops, FaceCropsConfig

__all__ = ["FaceCrops", "FaceCropsConfig"]
