"""What train.py is made of: material, network, training, calibration, evaluation, card, publishing."""
