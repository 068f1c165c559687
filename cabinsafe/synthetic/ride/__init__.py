"""Rides: people who act, swap seats, come and go in one cabin over time; a clip with its truth."""
