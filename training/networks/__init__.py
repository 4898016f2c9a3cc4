"""The networks that can be trained, their losses and their first weights."""
