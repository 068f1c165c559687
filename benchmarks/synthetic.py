"""Synthetic pictures per hour, milliseconds per stage and memory, beside how exact the keypoints are.

    python benchmarks/synthetic.py [--count 200] [--processes 2] [--staged 50] [--recipe FILE] [--assets DIR]

Pictures per hour are those of ``cabinsafe synth images`` from the first finished picture to the last. Stages
are CPU milliseconds per picture, from other scenes, in one process of one thread. Memory is the largest
resident set of a process.

Accuracy: the keypoints of the staged pictures against anny's own forward pass, which gets nothing from ours
but the body's numbers, the orientation of each bone and the place of the root, projected by OpenCV's cameras.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cabinsafe.synthetic.body import KEYPOINTS, BodyModel
from cabinsafe.synthetic.cabin.model import Cabin
from cabinsafe.synthetic.camera import Camera
from cabinsafe.synthetic.contact import Figure
from cabinsafe.synthetic.image_folder import ImageFolder
from cabinsafe.synthetic.images import DrawnScenes, ImageJob, make_images
from cabinsafe.synthetic.labels import picture_label
from cabinsafe.synthetic.light import lighting
from cabinsafe.synthetic.picture import SUPERSAMPLING, Picture, person_meshes
from cabinsafe.synthetic.recipe import load_recipe
from cabinsafe.synthetic.render import render
from cabinsafe.synthetic.scene import look_in_style, pose_people
from cabinsafe.synthetic.sensor import develop, encode_jpeg
from cabinsafe.synthetic.truth import actor, facts, person_truth
from cabinsafe.synthetic.wardrobe.dressed import dress
from cabinsafe.synthetic.workers import spread

STAGED_SEED = 1_000_000
ANNY_TO_VEHICLE = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


class StageClock:
    """CPU milliseconds by stage."""

    def __init__(self) -> None:
        self.millis: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Any:
        """Count what happens inside for a stage."""
        start = time.process_time()
        yield
        self.millis[name] = (time.process_time() - start) * 1e3


@dataclass(frozen=True)
class StagedJob:
    """Pictures made stage by stage; a JSON file of each tells times, memory and keypoint errors."""

    job: ImageJob
    results: Path

    def maker(self) -> Callable[[int], None]:
        """Load the models."""
        return partial(self.make, BodyModel(), Reference())

    def make(self, model: BodyModel, reference: Reference, index: int) -> None:
        """Make one picture as :func:`cabinsafe.synthetic.picture.take` does."""
        clock, assets = StageClock(), self.job.assets
        with clock.stage("draw scene"):
            spec, posed = self.job.scenes.scene(index, model, assets)
        cabin, camera = Cabin(spec.cabin), Camera(spec.camera)
        with clock.stage("pose"):
            occupants = posed or pose_people(cabin, spec.people, model)
        with clock.stage("cabin"):
            meshes = cabin.meshes()
        with clock.stage("dress"):
            for number, occupant in enumerate(occupants, 1):
                clothed = dress(occupant.body, look_in_style(occupant.spec), assets)
                meshes += person_meshes(cabin, occupant, clothed, number)
        with clock.stage("light"):
            light = lighting(spec.light, cabin.bounds)
        with clock.stage("render"):
            rendering = render(meshes, camera, light, SUPERSAMPLING)
        with clock.stage("develop"):
            image = develop(rendering.color, spec.sensor, spec.seed)
        with clock.stage("truth"):
            truths = [person_truth(o.figure, n, camera, rendering) for n, o in enumerate(occupants, 1)]
            events = facts(cabin, [actor(occupant) for occupant in occupants])
            picture = Picture(spec, image, tuple(truths), events, rendering)
            label = picture_label(picture, index, self.job.folder.image_name(index))
        with clock.stage("encode"):
            data = encode_jpeg(image, spec.sensor)
        with clock.stage("write"):
            self.job.folder.write(index, data, spec.model_dump_json().encode(), label)
        errors = [reference.error_px(o.figure, camera) for o in occupants]
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        result = {"millis": clock.millis, "peak_mb": peak_mb, "errors": errors, "people": len(occupants)}
        (self.results / f"{index}.json").write_text(json.dumps(result))


class Reference:
    """Keypoints by anny's forward pass and OpenCV's projection."""

    def __init__(self) -> None:
        import anny
        import torch

        self._torch = torch
        self._anny = anny.Anny(
            topology="anny-full", local_changes="none", facial_actions="none", skinning_method="lbs"
        ).to(dtype=torch.float64)
        self._regressor = anny.KeypointsRegressor.coco(self._anny, list(KEYPOINTS[:-1])).to(torch.float64)

    def error_px(self, figure: Figure, camera: Camera) -> float:
        """Largest difference of the keypoints that both see before the camera, pixels."""
        ours, _ = camera.project(figure.keypoints)
        points = self.keypoints(figure)
        ahead = (points - camera.position) @ camera.rotation[
            2
        ] > 0.05  # OpenCV knows no angle past 90 degrees
        both = ahead & np.isfinite(ours).all(axis=1)
        if not both.any():
            return 0.0
        return float(np.abs(projected(points[both], camera) - ours[both]).max())

    def keypoints(self, figure: Figure) -> np.ndarray:
        """(18, 3) keypoints, vehicle frame."""
        torch, spec, pose = self._torch, figure.body.spec, figure.pose
        phenotype = {
            name: torch.tensor([value], dtype=torch.float64) for name, value in spec.model_dump().items()
        }
        with torch.no_grad():
            rest = self._anny(phenotype_kwargs=phenotype)["rest_bone_poses"][0].numpy()
            delta = np.tile(np.eye(4), (len(rest), 1, 1))
            delta[:, :3, :3] = ANNY_TO_VEHICLE.T @ pose.rotations @ ANNY_TO_VEHICLE @ rest[:, :3, :3]
            delta[0, :3, 3] = pose.heads[0] @ ANNY_TO_VEHICLE
            posed = self._anny(
                pose_parameters=torch.from_numpy(delta)[None],
                phenotype_kwargs=phenotype,
                pose_parameterization="world-orient",
            )
            points = self._regressor(posed)[0].numpy() @ ANNY_TO_VEHICLE.T
        return np.concatenate([points, points[5:7].mean(axis=0, keepdims=True)])


def projected(points: np.ndarray, camera: Camera) -> np.ndarray:
    """(N, 2) pixels by OpenCV; it knows no mirror images, so those are mirrored afterwards."""
    spec = camera.spec
    rotation = camera.rotation * (np.array([[-1.0], [1.0], [1.0]]) if spec.mirrored else 1.0)
    turn, _ = cv2.Rodrigues(rotation)
    shift = -rotation @ camera.position
    (cx, cy), f = camera.center, camera.focal_px
    matrix = np.array([[f, 0, cx], [0, f, cy], [0, 0, 1]])
    if spec.model == "fisheye":
        distortion = np.array(spec.distortion)
        pixels, _ = cv2.fisheye.projectPoints(points[:, None], turn, shift, matrix, distortion)
    else:
        pixels, _ = cv2.projectPoints(points[:, None], turn, shift, matrix, None)
    pixels = pixels.reshape(-1, 2)
    return np.stack([spec.size_wh[0] - pixels[:, 0], pixels[:, 1]], axis=1) if spec.mirrored else pixels


def per_hour(job: ImageJob, count: int, processes: int) -> tuple[float, float]:
    """Pictures per hour, and the largest process's megabytes."""
    stamps: list[float] = []
    make_images(job, count, processes, lambda _made, _kept: stamps.append(time.perf_counter()))
    rate = (len(stamps) - 2) / (stamps[-1] - stamps[1]) * 3600
    return rate, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--count", type=int, default=200, help="pictures for pictures per hour; 0 leaves it out"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--staged", type=int, default=50, help="pictures for the stages")
    parser.add_argument("--recipe", type=Path)
    parser.add_argument("--assets", type=Path)
    arguments = parser.parse_args()
    recipe = load_recipe(arguments.recipe)
    print(f"{platform.machine()}, {platform.processor() or platform.system()}")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        if arguments.count > 1:
            job = ImageJob(DrawnScenes(0, recipe), ImageFolder(root / "set"), arguments.assets)
            rate, peak_mb = per_hour(job, arguments.count, arguments.processes)
            print(f"{rate:,.0f} pictures/h, {arguments.processes} process(es), at most {peak_mb:.0f} MB each")
        folder = ImageFolder(root / "staged")
        folder.claim({})
        (root / "results").mkdir()
        job = ImageJob(DrawnScenes(STAGED_SEED, recipe), folder, arguments.assets)
        for _ in spread(StagedJob(job, root / "results").maker, range(arguments.staged), 1):
            pass
        results = [json.loads(file.read_text()) for file in (root / "results").iterdir()]
    report(results)


def report(results: list[dict[str, Any]]) -> None:
    """Print the stages and the keypoint errors."""
    people = sum(result["people"] for result in results)
    print(f"\n{len(results)} pictures with {people} people, CPU ms per picture: mean, median, largest")
    stages = list(results[0]["millis"])
    columns = {stage: np.array([result["millis"][stage] for result in results]) for stage in stages}
    columns["all"] = np.sum(list(columns.values()), axis=0)
    for stage, millis in columns.items():
        print(f"  {stage:<11}{millis.mean():8.1f}{np.median(millis):8.1f}{millis.max():8.1f}")
    errors = [error for result in results for error in result["errors"]]
    print(f"largest difference of a keypoint: {max(errors, default=0.0):.6f} px, {len(errors)} people")


if __name__ == "__main__":
    main()
