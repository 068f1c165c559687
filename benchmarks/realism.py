"""How real synthetic cabins look to networks that never saw any: recall by camera, light and style.

    cabinsafe synth images --count 600 --seed 9 --out SET
    python benchmarks/realism.py SET --model cabinsafe-pose --model other/card.json

A person counts as recalled where a predicted skeleton reaches an object keypoint similarity over .5 (COCO's
sigmas, the area of the person's mask); a prediction recalls one person at most. Only people with at least
five keypoints in sight count. ``benchmarks/recipes/easy.yaml`` makes the easy upright view: people who sit
upright on a bench, whole in view, by day.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from cabinsafe.data import KEYPOINTS, LabelledImage, read_keypoints
from cabinsafe.pose import OnnxEngine, PafDecoder, PoseCard, PoseEstimator
from cabinsafe.training.pose.dataset import load_bgr
from cabinsafe.types import Frame, Skeleton

SIGMAS = np.array(
    [26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]
) / 1000.0  # fmt: skip
"""COCO's per-keypoint constants, in its order (cocodataset.org, keypoint evaluation)."""
LEAST_SEEN = 5
IMAGE_KEYS = ("mount", "lens", "light", "cabin", "mono", "people_count")
PERSON_KEYS = ("sitting", "style", "is_child")
EASY_OKS = 0.5


def main() -> None:
    """Print a table of recalls."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", type=Path, help="folder made by cabinsafe synth images")
    parser.add_argument("--model", action="append", help="embedded name or card path; may be repeated")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    labelled = read_keypoints(arguments.set / "keypoints.json").labelled_images(
        arguments.set / "images", KEYPOINTS
    )
    for model in arguments.model or ["cabinsafe-pose"]:
        rows, false = measure(model, labelled, arguments.threads)
        print_table(Path(model).stem, rows, false, len(labelled))


def measure(
    model: str, labelled: Sequence[LabelledImage], threads: int
) -> tuple[list[tuple[dict[str, Any], bool]], int]:
    """Attributes of every counted person with whether it was recalled; predictions that recall nobody."""
    card = PoseCard.load(model)
    rows: list[tuple[dict[str, Any], bool]] = []
    false = 0
    engine = OnnxEngine(card.verified_file(), threads)
    with closing(PoseEstimator(engine, card, PafDecoder(card.topology))) as estimator:
        for image in labelled:
            frame = Frame(image=load_bgr(image.path), t_s=0.0)
            found = estimator.estimate([frame])[0].skeletons
            similar = similarities(image, found)
            matched, by = linear_sum_assignment(similar, maximize=True)
            recalled = {p for p, q in zip(matched, by, strict=True) if similar[p, q] > EASY_OKS}
            false += len(found) - len(recalled)
            for number, person in enumerate(image.people):
                if (image.visibility[number, :17] == 2).sum() >= LEAST_SEEN:
                    rows.append((attributes(image, person), number in recalled))
    return rows, false


def attributes(image: LabelledImage, person: Any) -> dict[str, Any]:
    """What a person's row of the table is chosen by."""
    return {key: image.attributes.get(key) for key in IMAGE_KEYS} | {k: person.get(k) for k in PERSON_KEYS}


def similarities(image: LabelledImage, found: Sequence[Skeleton]) -> NDArray[np.float64]:
    """Object keypoint similarity (people, predictions); COCO's 17 keypoints."""
    table = np.zeros((len(image.xy), len(found)))
    for column, skeleton in enumerate(found):
        rows = [skeleton.keypoints.index(name) for name in KEYPOINTS[:17]]
        xy = skeleton.xy[rows].astype(np.float64)
        for row, truth in enumerate(image.xy[:, :17]):
            labelled = image.visibility[row, :17] > 0
            gaps = ((xy - truth) ** 2).sum(axis=1)
            scale = 2 * float(image.people[row]["area"]) * (2 * SIGMAS) ** 2 + 1e-9
            close = np.where(np.isnan(gaps), 0.0, np.exp(-np.nan_to_num(gaps) / scale))
            table[row, column] = close[labelled].mean() if labelled.any() else 0.0
    return table


def print_table(name: str, rows: Sequence[tuple[dict[str, Any], bool]], false: int, images: int) -> None:
    """Recall over all, and by every attribute."""
    hits = [hit for _, hit in rows]
    share, errors = np.mean(hits), false / images
    print(f"{name}: recall {share:.3f} of {len(hits)} people, {errors:.2f} false people an image")
    for key in (*IMAGE_KEYS, *PERSON_KEYS):
        groups: dict[str, list[bool]] = defaultdict(list)
        for attributes_of, hit in rows:
            groups[str(attributes_of[key])].append(hit)
        cells = [f"{value} {np.mean(group):.2f} ({len(group)})" for value, group in sorted(groups.items())]
        print(f"  {key:<13}{', '.join(cells)}")


if __name__ == "__main__":
    main()
