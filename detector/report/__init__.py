"""Results for people: in words, in pictures, as an evidence report and as an annotated video."""
