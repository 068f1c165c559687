"""What a tailor measures on a body in the rest pose: normals, how far along arms and legs, heights."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from cabinsafe.synthetic.body import KEYPOINTS, Body
from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.topology import Index, Mask
from cabinsafe.synthetic.wardrobe.surface import Surface, vertex_normals

_ARM = ("upperarm", "lowerarm", "wrist", "finger", "metacarpal")
_ADULT_M = 1.7


class Fitting:
    """Measures of a body in the rest pose.

    Attributes:
        body: whose.
        points, normals: (V, 3) float64 of all vertices.
        scale: stature over that of a grown-up; lengths of clothes scale with it.
    """

    def __init__(self, body: Body) -> None:
        self.body = body
        self.points: Array = body.skin.rest.astype(np.float64)
        self.normals = vertex_normals(self.points, body.triangles)
        self.scale = body.stature_m / _ADULT_M
        self.surface = Surface(self.points, body.skin.weights, body.topology.triangles, body.topology)

    def bone(self, label: str) -> Array:
        """(3,) where a bone begins."""
        return self.body.rig.head(label)

    def keypoint(self, name: str) -> Array:
        """(3,) a keypoint."""
        point: Array = self.body.rest_keypoints[KEYPOINTS.index(name)]
        return point

    def near(self, *regions: str) -> Mask:
        """(V,) the vertices of some regions of the body."""
        chosen: Mask = np.any([self.body.regions[region] for region in regions], axis=0)
        return chosen

    @cached_property
    def drawn(self) -> Mask:
        """(V,) vertices of the body's triangles."""
        return self.body.drawn

    @cached_property
    def arm(self) -> Array:
        """(V,) the share of arm bones in a vertex's weights."""
        of_arm = np.array([name.startswith(_ARM) for name in self.body.rig.labels], np.float64)
        share: Array = self.body.skin.weights @ of_arm
        return share

    @cached_property
    def along_arm(self) -> Array:
        """(V,) how far along the arm, metres from the elbow: negative above it."""
        return self._along("upperarm01", "lowerarm01", "wrist")

    @cached_property
    def along_leg(self) -> Array:
        """(V,) how far along the leg, metres from the knee: negative above it."""
        return self._along("upperleg01", "lowerleg01", "foot")

    def _along(self, *bones: str) -> Array:
        """Along the two-part line of the vertex's side; beyond its ends it goes on."""
        mirror = np.stack([self.points[:, 0], np.abs(self.points[:, 1]), self.points[:, 2]], axis=1)
        start, middle, end = (self.bone(f"{bone}.L") for bone in bones)
        upper, lower = (middle - start), (end - middle)
        upper, lower = upper / np.linalg.norm(upper), lower / np.linalg.norm(lower)
        above, below = (mirror - middle) @ upper, (mirror - middle) @ lower
        along: Array = np.where(above + below > 0, np.maximum(below, 0), np.minimum(above, 0))
        return along

    @cached_property
    def _tree(self) -> tuple[cKDTree, Index]:
        rows = np.flatnonzero(self.drawn)
        return cKDTree(self.points[rows]), rows

    def gap(self, points: Array) -> tuple[Array, Array]:
        """How far points (N, 3) lie outside the body along the normals (N, 3) of the nearest vertices."""
        tree, rows = self._tree
        nearest = rows[tree.query(points)[1]]
        out = self.normals[nearest]
        return np.einsum("ij,ij->i", points - self.points[nearest], out), out

    def outside(self, points: Array, gap_m: float) -> Array:
        """(N, 3) the points, pushed out of the body where they are nearer than a gap."""
        gap, out = self.gap(points)
        return points + np.maximum(gap_m - gap, 0)[:, None] * out
