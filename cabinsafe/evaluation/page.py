"""``report.html``: an evaluation as one file that needs no other, no script and no network."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from typing import Final

from cabinsafe.evaluation.html import document, sections, table
from cabinsafe.evaluation.pictures import draw_case
from cabinsafe.evaluation.pose import Evaluation, Evidence
from cabinsafe.evaluation.results import PoseReport, SetResult
from cabinsafe.evaluation.sets import PoseSet
from cabinsafe.evaluation.tables import attribute_rows, summary_rows
from cabinsafe.media import read_image
from cabinsafe.media.stills import encode_jpeg

_KINDS: Final = (
    ("false", "People who are not there", "score {:.2f}", "the highest scores first"),
    ("missed", "People who were missed", "{:.0f} square pixels", "the largest first"),
    ("misplaced", "People who were found too far off", "OKS {:.2f}", "the least similar first"),
)


def html_page(evaluation: Evaluation, sets: Sequence[PoseSet]) -> str:
    """The whole page.

    Args:
        evaluation: of :func:`~cabinsafe.evaluation.pose.evaluate_pose`.
        sets: what it measured on, for the pictures.

    Raises:
        MediaError: an image is gone meanwhile.
    """
    report = evaluation.report
    parts = [
        _set_part(pose_set, result, evidence)
        for pose_set, result, evidence in zip(sets, report.sets, evaluation.evidence, strict=True)
    ]
    return document("Pose networks", _about(report) + "".join(parts))


def _about(report: PoseReport) -> str:
    networks = "".join(
        f"<li><b>{escape(n.name)}</b>: {escape(n.card)}, {n.input_wh[0]} x {n.input_wh[1]}, "
        f"people from a score of {n.min_person_score:g} on, <code>sha256 {escape(n.sha256[:12])}</code></li>"
        for n in report.networks
    )
    options = ", ".join(
        f"{escape(key.replace('_', ' '))} {escape(str(value))}"
        for key, value in report.options.model_dump().items()
        if value is not None
    )
    return (
        f'<p class="note">Letterbox, network and decoder as the library runs them. {escape(report.machine)}; '
        f"{options}. AP is COCO's object keypoint similarity AP; intervals are over images drawn with "
        "repetition. Recall is the share of people found at OKS over .5, of those with at least five "
        f"keypoints in sight. In brackets: how many.</p><ul>{networks}</ul>"
    )


def _set_part(pose_set: PoseSet, result: SetResult, evidence: Sequence[Evidence]) -> str:
    names = [model.model for model in result.models]
    details = [table(names, rows, bars=True) for rows in sections(attribute_rows(result))]
    parts = [
        f"<h2>{escape(result.name)} <small>{result.images} images</small></h2>",
        table(names, summary_rows(result)),
    ]
    if details:
        parts.append(
            f'<h3>By what is known of the pictures</h3><div class="details">{"".join(details)}</div>'
        )
    parts += [_pictures(pose_set, name, one) for name, one in zip(names, evidence, strict=True) if one.cases]
    return f"<section>{''.join(parts)}</section>"


def _pictures(pose_set: PoseSet, name: str, evidence: Evidence) -> str:
    parts = []
    for kind, title, value, order in _KINDS:
        figures = [
            _figure(pose_set, evidence, number, value)
            for number, case in enumerate(evidence.cases)
            if case.kind == kind
        ]
        if figures:
            parts.append(
                f"<h4>{title} <small>{order}</small></h4><div class='figures'>{''.join(figures)}</div>"
            )
    legend = (
        '<p class="note">Left what is labelled, right what was found. <b class="truth">Green</b> and '
        '<b class="found">orange</b>: the person in question, framed; <b class="others">blue</b>: everybody '
        "else; dark dots: hidden keypoints.</p>"
    )
    return f"<details open><summary>Worst cases of {escape(name)}</summary>{legend}{''.join(parts)}</details>"


def _figure(pose_set: PoseSet, evidence: Evidence, number: int, value: str) -> str:
    case = evidence.cases[number]
    path = pose_set.paths[case.image_id]
    made = evidence.run
    drawn = draw_case(
        read_image(path),
        evidence.pairs[case.image_id].people,
        made.found[case.image_id],
        made.keypoints,
        case,
    )
    data = base64.b64encode(encode_jpeg(drawn)).decode()
    caption = escape(f"{path.name}: {value.format(case.value)}")
    height, width = drawn.shape[:2]
    return (
        f'<figure><img src="data:image/jpeg;base64,{data}" width="{width}" height="{height}" '
        f'alt="{caption}"><figcaption>{caption}</figcaption></figure>'
    )
