"""How many people there are, how many are found, and who they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from cabinsafe.evaluation.attributes import IMAGE_ATTRIBUTES, PERSON_ATTRIBUTES, known
from cabinsafe.evaluation.pairs import Pairs
from cabinsafe.evaluation.results import Counts, Recall
from cabinsafe.evaluation.sets import PoseSet


def recall(pairs: Sequence[Pairs]) -> Recall:
    """Recall of all people."""
    return _recall([hit for one in pairs for hit in one.recalled[one.asked].tolist()])


def recall_by_attribute(pose_set: PoseSet, pairs: Sequence[Pairs]) -> dict[str, dict[str, Recall]]:
    """Recall by what is known of images and people: attribute to its values, in words, to recall.

    Attributes are those of :mod:`cabinsafe.evaluation.attributes`; what a set knows of nobody is left out.
    """
    hits: dict[str, dict[str, list[bool]]] = {
        key: defaultdict(list) for key in (*IMAGE_ATTRIBUTES, *PERSON_ATTRIBUTES)
    }
    for one in pairs:
        for person, asked, hit in zip(one.people, one.asked, one.recalled.tolist(), strict=True):
            values = known(pose_set.images[one.image_id], person) if asked else {}
            for key, value in values.items():
                hits[key][value].append(hit)
    return {
        key: {value: _recall(group) for value, group in sorted(groups.items())}
        for key, groups in hits.items()
        if groups
    }


def count_people(pose_set: PoseSet, pairs: Sequence[Pairs], refused: int) -> Counts:
    """Count people labelled and found.

    Args:
        pose_set: the set.
        pairs: all its images.
        refused: images in which the decoder gave up.
    """
    labelled = np.array([len(one.people) for one in pairs])
    found = np.array([(~one.excused).sum() for one in pairs])
    empty = np.array([not pose_set.people[one.image_id] for one in pairs])
    return Counts(
        labelled=int(labelled.sum()),
        found=int(found.sum()),
        right_share=float((labelled == found).mean()),
        mean_error=float(np.abs(labelled - found).mean()),
        false_per_image=float(np.mean([one.false.sum() for one in pairs])),
        empty_images=int(empty.sum()),
        false_per_100_empty=100 * float(found[empty].mean()) if empty.any() else None,
        refused_images=refused,
    )


def _recall(hits: Sequence[bool]) -> Recall:
    return Recall(len(hits), float(np.mean(hits)) if hits else None)
