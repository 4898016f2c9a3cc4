"""Training with the whole data set in the memory of one GPU: crops are cut, blended, damaged and learned from there."""
