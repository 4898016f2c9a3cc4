"""What is trained: the networks, their losses and their first weights."""
