"""Training data for the unsafe-sitting classifier, made from pose geometry, and how it is scored."""
