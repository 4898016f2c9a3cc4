"""The tab in which files are checked: where they are chosen, what is shown of them, and what can be done next."""
