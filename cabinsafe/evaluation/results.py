"""What an evaluation of pose networks found; plain values that go into ``report.json`` as they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cabinsafe.evaluation.accuracy import Accuracy
from cabinsafe.options import Options

Interval = tuple[float, float]
"""Low and high end of a 95 % interval over images drawn with repetition."""


@dataclass(frozen=True)
class Recall:
    """Share of people found at OKS over .5, of those with at least five keypoints in sight.

    Attributes:
        people: how many there are.
        recall: 0 to 1; None without people.
    """

    people: int
    recall: float | None


@dataclass(frozen=True)
class Counts:
    """People labelled and people found.

    Attributes:
        labelled: with keypoints, crowds left out.
        found: predicted people, right or not, outside crowds and of people without labelled keypoints.
        right_share: share of the images with as many found as labelled.
        mean_error: found minus labelled, mean over the images of its size.
        false_per_image: predicted people who recall nobody.
        empty_images: images without any label.
        false_per_100_empty: people found there, per 100 of these images; None without such images.
        refused_images: with more people or peaks than the decoder's options allow; nobody is found there.
    """

    labelled: int
    found: int
    right_share: float
    mean_error: float
    false_per_image: float
    empty_images: int
    false_per_100_empty: float | None
    refused_images: int


@dataclass(frozen=True)
class ModelResult:
    """One network on one set.

    Attributes:
        model: its name.
        accuracy: over people of all sizes.
        ap_interval: of ``accuracy.ap``.
        by_size: COCO's small, medium and large; those of whom there are people.
        by_keypoints: with only a group of the keypoints counted.
        by_attribute: camera, light, style and the like to their values to AP; empty where none is known.
        recall: of all people.
        recall_by: the same for recall, with more attributes.
        counts: how many people.
        stage_ms: median milliseconds of letterbox, network and decoder.
    """

    model: str
    accuracy: Accuracy
    ap_interval: Interval
    by_size: Mapping[str, Accuracy]
    by_keypoints: Mapping[str, Accuracy]
    by_attribute: Mapping[str, Mapping[str, Accuracy]]
    recall: Recall
    recall_by: Mapping[str, Mapping[str, Recall]]
    counts: Counts
    stage_ms: Mapping[str, float]


@dataclass(frozen=True)
class Difference:
    """AP of a network less that of the first, on the same images."""

    model: str
    minus: str
    ap: float
    interval: Interval


@dataclass(frozen=True)
class SetResult:
    """All networks on one set."""

    name: str
    images: int
    models: tuple[ModelResult, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Network:
    """A network that was evaluated.

    Attributes:
        name: in the report.
        card: its name on its card.
        sha256: of its file.
        input_wh: width and height of its input.
        min_person_score: from which on people count as found, in recall and counts; AP takes all.
    """

    name: str
    card: str
    sha256: str
    input_wh: tuple[int, int]
    min_person_score: float


@dataclass(frozen=True)
class PoseReport:
    """An evaluation: where, with which options, of what, and what came out."""

    machine: str
    options: Options
    networks: tuple[Network, ...]
    sets: tuple[SetResult, ...]

    def plain(self) -> dict[str, Any]:
        """The report as JSON knows values."""
        shallow = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        parts = {key: [dataclasses.asdict(one) for one in shallow[key]] for key in ("networks", "sets")}
        return shallow | parts | {"options": self.options.model_dump(mode="json")}
