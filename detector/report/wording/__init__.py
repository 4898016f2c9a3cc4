"""What is said to people about a result: messages, which are shown in their language."""
