"""Synthetic cabins: people in vehicles, rendered from a seed, with exact keypoints and exact event truth.

Vehicle frame everywhere in this room: metres, x forward, y to the vehicle's left, z up, the origin on the
floor in the middle between the front seats. Bodies need the [synthetic] extra.
"""
