"""What a network learns from and is measured on: data sets, pairs, augmentation, inputs."""
