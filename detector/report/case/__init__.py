"""The case file: what a newsroom keeps of a check, as a PDF, as keyframes, and as one ZIP that can be opened again."""
