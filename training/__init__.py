"""What train.py is made of: network, augmentation, metrics, calibration, card."""
