"""What train.py is made of: data, augmentation, network, metrics, card."""
