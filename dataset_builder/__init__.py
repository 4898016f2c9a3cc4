"""Packages FaceForensics++ and its relatives, or a folder of labelled photos, as data sets of face crops."""
