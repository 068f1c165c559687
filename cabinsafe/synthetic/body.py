"""Bodies of the anny parametric model: a shape from a few numbers, its bones, its skin, its keypoints.

Anny (https://github.com/naver/anny, code Apache-2.0, model data CC0) is a body of 19,158 vertices for all
ages. Only its rest shape is used; posing and skinning are ours, so that a person is shaped once, posed often.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from cabinsafe.errors import MissingExtraError
from cabinsafe.options import Options
from cabinsafe.synthetic.capsules import Capsule, body_capsules
from cabinsafe.synthetic.rig import BonePose, Rig, Skin
from cabinsafe.synthetic.rotations import Array
from cabinsafe.synthetic.sampling import generator, merged
from cabinsafe.synthetic.topology import Topology

KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee",
    "left_ankle", "right_ankle", "neck",
)  # fmt: skip
"""COCO's 17 keypoints, then the neck, which is the middle of the shoulders."""

Share = Annotated[float, Field(ge=0, le=1)]
AgeGroup = Literal["child", "adult"]

_REGIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "head": ("head", "neck03", "eye"),
        "neck": ("neck01", "neck02"),
        "torso": ("spine01", "spine02", "spine03", "spine04", "clavicle", "shoulder", "breast"),
        "pelvis": ("root", "pelvis", "spine05"),
        "upper_arm": ("upperarm",),
        "forearm": ("lowerarm",),
        "hand": ("wrist", "finger", "metacarpal"),
        "thigh": ("upperleg",),
        "shin": ("lowerleg",),
        "foot": ("foot", "toe"),
    }
)
_SEGMENTS = ("eye_front.L", "eye_front.R", "eye_back.L", "eye_back.R")
_TO_VEHICLE = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
"""Anny's axes (x left, -y forward, z up) to the vehicle's (x forward, y left, z up)."""


class BodySpec(Options):
    """A body's shape; every number is anny's phenotype of that name, 0 to 1."""

    gender: Share = Field(0.5, description="0 male, 1 female")
    age: Share = Field(0.67, description="0 newborn, 0.33 child, 0.67 young adult, 1 old")
    muscle: Share = 0.5
    weight: Share = 0.5
    height: Share = 0.5
    proportions: Share = 0.5

    @property
    def is_child(self) -> bool:
        """Whether it is a child's body."""
        return self.age < 0.55


def draw_body(seed: int, group: AgeGroup, fixed: Mapping[str, Any] = MappingProxyType({})) -> BodySpec:
    """A body of an age group; ``fixed`` values are kept."""
    rng = generator(seed, "body")
    drawn = {
        "gender": float(rng.choice([0.08, 0.92]) + rng.uniform(-0.08, 0.08)),
        "age": float(rng.uniform(0.24, 0.45) if group == "child" else rng.uniform(0.6, 0.95)),
        "muscle": float(0.2 + 0.6 * rng.beta(2, 2)),
        "weight": float(0.15 + 0.75 * rng.beta(2, 2.4)),
        "height": float(0.2 + 0.4 * rng.beta(2, 2)),
        "proportions": float(0.35 + 0.5 * rng.beta(2, 2)),
    }
    return BodySpec(**merged(drawn, fixed))


class Body:
    """One person's shape in the rest pose; the vehicle's axes, facing forward, arms held off.

    Attributes:
        spec: what it was made from.
        rig: its bones.
        skin: its 19,158 vertices; those that no triangle uses only guide clothes.
        triangles: (T, 3) int32.
        topology: their edges.
        drawn: (V,) the vertices that triangles use.
        regions: name to mask (V,) of the vertices there: head, neck, torso, pelvis, upper_arm, forearm, hand,
            thigh, shin, foot, and the eyeballs' ``eye_front.L`` and so on.
        uv: (V, 2) texture coordinates in [0, 1] of MakeHuman's layout.
    """

    def __init__(self, spec: BodySpec, model: BodyModel, vertices: Array, heads: Array) -> None:
        self.spec = spec
        self.rig = Rig(model.labels, model.parents, heads)
        self.skin = Skin(vertices.astype(np.float32), model.weights)
        self.triangles = model.triangles
        self.regions = model.regions
        self.topology = model.topology
        self.drawn = model.drawn
        self.uv = model.uv
        self._keypoint_mix = model.keypoint_mix

    @cached_property
    def _keypoint_moments(self) -> Array:
        """(18, B, 4): skinning is linear, so a keypoint is a sum of bone transforms times these."""
        rest = np.concatenate([self.skin.rest, np.ones((len(self.skin.rest), 1))], axis=1)
        moments: Array = (self._keypoint_mix @ rest).reshape(len(KEYPOINTS), -1, 4)
        return moments

    def keypoints(self, pose: BonePose) -> Array:
        """(18, 3) the keypoints in a pose, metres, in the order of :data:`KEYPOINTS`."""
        points: Array = np.einsum("kbj,bij->ki", self._keypoint_moments, pose.transforms)
        return points

    @cached_property
    def rest_keypoints(self) -> Array:
        """(18, 3) the keypoints in the rest pose."""
        return self.keypoints(BonePose(self.rig))

    def length(self, start: str, end: str) -> float:
        """Distance of two bones' heads in the rest pose, metres."""
        return float(np.linalg.norm(self.rig.head(start) - self.rig.head(end)))

    @cached_property
    def leg_m(self) -> float:
        """From the hip joint to the ankle of a straight leg."""
        knee = "lowerleg01.L"
        return self.length("upperleg01.L", knee) + self.length(knee, "foot.L")

    @cached_property
    def stature_m(self) -> float:
        """Height from sole to crown."""
        return float(np.ptp(self.skin.rest[self.drawn, 2]))

    @cached_property
    def ankle_m(self) -> float:
        """Height of the foot bone's head over the sole."""
        return float(self.rig.head("foot.L")[2] - self.points("foot")[:, 2].min())

    @cached_property
    def seat_m(self) -> float:
        """Height of the hip joints over what a seated person sits on: the upper thigh's thickness below."""
        return self.radius("left_thigh") * 1.1

    @cached_property
    def back_m(self) -> float:
        """Distance of the hip joints from a backrest."""
        return float(self.rig.head("upperleg01.L")[0] - np.quantile(self.points("pelvis")[:, 0], 0.02))

    def radius(self, name: str) -> float:
        """Half thickness of a body part (``left_thigh``, ``head`` ...), metres."""
        return next(capsule.radius_m for capsule in self.capsules if capsule.name == name)

    @cached_property
    def capsules(self) -> tuple[Capsule, ...]:
        """The body as thick lines, for contact and collision."""
        return body_capsules(self.rig, self.points)

    def points(self, *regions: str) -> Array:
        """(N, 3) rest positions of the drawn vertices of some regions."""
        chosen = np.any([self.regions[region] for region in regions], axis=0) & self.drawn
        where: Array = self.skin.rest[chosen].astype(np.float64)
        return where


class BodyModel:
    """The anny model, loaded once (seconds; the very first time on a machine up to a minute).

    Raises:
        MissingExtraError: anny or torch is not installed.
    """

    def __init__(self) -> None:
        try:
            import anny
            import torch
        except ImportError as error:
            raise MissingExtraError("synthetic people", "synthetic", "anny") from error
        self._torch = torch
        with _quiet(), _one_thread(torch):
            self._anny = anny.Anny(
                topology="anny-full", local_changes="none", facial_actions="none", skinning_method="lbs"
            ).to(dtype=torch.float32)
            rows = anny.KeypointsRegressor.coco(self._anny, list(KEYPOINTS[:-1])).regression_weights.numpy()
            segments = self._segments()
        self.labels: tuple[str, ...] = tuple(self._anny.bone_labels)
        self.parents: tuple[int, ...] = tuple(self._anny.bone_parents)
        self.triangles: NDArray[np.int32] = self._anny.faces.numpy().astype(np.int32)
        self.topology = Topology.of(self.triangles, len(self._anny.template_vertices))
        self.drawn = np.zeros(len(self._anny.template_vertices), bool)
        self.drawn[self.triangles.ravel()] = True
        self.weights = self._skinning()
        self.keypoint_mix = self._keypoint_mix(np.concatenate([rows, rows[5:7].mean(axis=0, keepdims=True)]))
        self.uv = self._texture_coordinates()
        self.regions: Mapping[str, NDArray[np.bool_]] = MappingProxyType(self._dominant_regions() | segments)

    def shape(self, spec: BodySpec) -> Body:
        """The body that a spec describes."""
        torch = self._torch
        phenotype = {name: torch.tensor([value]) for name, value in spec.model_dump().items()}
        anny = self._anny
        with torch.no_grad(), _one_thread(torch):  # the rest shape alone: anny's call would pose it too
            shares = anny.get_phenotype_blendshape_coefficients(**phenotype)
            offsets = torch.einsum("cbd, sc -> sbd", anny.bone_heads_blendshapes, shares)
            rest = (anny.get_rest_vertices(shares), anny.template_bone_heads + offsets)
        vertices, heads = (points[0].numpy().astype(np.float64) for points in rest)
        return Body(spec, self, vertices @ _TO_VEHICLE.T, heads @ _TO_VEHICLE.T)

    def _skinning(self) -> Any:
        bones = self._anny.vertex_bone_indices.numpy()
        weights = self._anny.vertex_bone_weights.numpy().astype(np.float32)
        vertex = np.repeat(np.arange(len(bones)), bones.shape[1])
        shape = (len(bones), len(self.labels))
        matrix = sparse.csr_matrix((weights.ravel(), (vertex, bones.ravel())), shape=shape)
        matrix.eliminate_zeros()
        return matrix

    def _keypoint_mix(self, rows: NDArray[np.float32]) -> Any:
        """(18 B, V) sparse: a vertex's share in a keypoint (18, V) times a bone's weight in that vertex."""
        shares = [self.weights.T.multiply(row[None].astype(np.float64)) for row in rows]
        return sparse.vstack(shares).tocsr()

    def _texture_coordinates(self) -> NDArray[np.float32]:
        uv = np.zeros((len(self._anny.template_vertices), 2), np.float32)
        corners = self._anny.face_texture_coordinate_indices.numpy().ravel()
        uv[self.triangles.ravel()] = self._anny.texture_coordinates.numpy()[corners]
        return uv

    def _dominant_regions(self) -> dict[str, NDArray[np.bool_]]:
        owner = np.asarray(self.weights.argmax(axis=1)).ravel()
        names = np.array(self.labels)[owner]
        masks: dict[str, NDArray[np.bool_]] = {}
        for region, bones in _REGIONS.items():
            masks[region] = np.isin(names, [name for name in self.labels if name.startswith(bones)])
        return masks

    def _segments(self) -> dict[str, NDArray[np.bool_]]:
        from anny.face_segmentation import get_face_segmentation_mask

        masks = {}
        for name in _SEGMENTS:
            mask = np.zeros(len(self._anny.template_vertices), bool)
            mask[self._anny.faces.numpy()[get_face_segmentation_mask(self._anny, [name]).numpy()].ravel()] = (
                True
            )
            masks[name] = mask
        return masks


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _one_thread(torch: Any) -> Iterator[None]:
    """Sums in one order on every machine, and no threads beside the renderer's processes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
