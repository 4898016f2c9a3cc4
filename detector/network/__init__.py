"""The network that scores face crops: from the weights to scores and saliency."""
