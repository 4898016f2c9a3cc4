"""The version of this software, which reports and model cards name."""

__version__ = "0.1.0"
