"""Events against the truth: what was found, how soon, and what was reported that was not there."""
