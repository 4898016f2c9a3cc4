"""What train.py is made of: data, networks, training, calibration, evaluation, card, publishing."""
