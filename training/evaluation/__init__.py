"""What is measured: scores, calibration, robustness and saliency."""
