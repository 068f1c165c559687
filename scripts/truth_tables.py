"""Draw what detectors say of drawn people: docs/truth_tables/*.svg.

    python scripts/truth_tables.py

Each case is a person, or two, with joints moved by hand; the state under it is what the detector reads, and a
case that reads otherwise than expected stops the script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cabinsafe.data import KEYPOINTS
from cabinsafe.detectors import FeetOnSeats, HandOnLeg
from cabinsafe.types import Scene, Skeleton, State, Track
from cabinsafe.views import CameraView, SeatView

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "truth_tables"
SIZE, PER_ROW = (400, 400), 4
PERSON = {
    "nose": (200, 100), "left_eye": (206, 94), "right_eye": (194, 94), "left_ear": (214, 98),
    "right_ear": (186, 98), "neck": (200, 140),
    "left_shoulder": (235, 140), "right_shoulder": (165, 140), "left_elbow": (250, 195),
    "right_elbow": (150, 195), "left_wrist": (235, 245), "right_wrist": (165, 245), "left_hip": (222, 250),
    "right_hip": (178, 250), "left_knee": (228, 295), "right_knee": (172, 295), "left_ankle": (228, 375),
    "right_ankle": (172, 375),
}  # fmt: skip
LIMBS = (
    ("neck", "nose"), ("left_shoulder", "right_shoulder"), ("left_hip", "right_hip"), ("neck", "left_hip"),
    ("neck", "right_hip"),
    *((f"{s}_{a}", f"{s}_{b}") for s in ("left", "right") for a, b in
      (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))),
)  # fmt: skip
Moves = Mapping[str, tuple[float, float] | None]
UP: Moves = {"left_knee": (230, 190), "left_ankle": (228, 275)}
CROSSED: Moves = {"left_knee": (250, 262), "left_ankle": (176, 272)}
REACH: Moves = {"left_elbow": (270, 215), "left_wrist": (293, 258)}
CUSHION = ((0.3, 0.62), (0.7, 0.62), (0.75, 0.75), (0.25, 0.75))
BESIDE = ((0.8, 0.6), (0.98, 0.6), (0.99, 0.72), (0.79, 0.72))


@dataclass(frozen=True)
class Case:
    """One picture: joints that differ from somebody upright, of one person or of two side by side."""

    name: str
    state: State
    people: Sequence[Moves]
    beside_px: float = 0.0
    options: Mapping[str, object] = field(default_factory=dict)


FEET = (
    Case("feet down", State.FALSE, [{}]),
    Case("a foot on the own seat", State.TRUE, [UP]),
    Case("the other foot hidden", State.TRUE, [{**UP, "right_ankle": None}]),
    Case("an ankle hidden", State.NOT_OBSERVABLE, [{"left_ankle": None}]),
    Case("tucked under the seat", State.FALSE, [{"left_ankle": (228, 318)}]),
    Case("ankle on the knee", State.FALSE, [CROSSED]),
    Case("tailor's seat", State.TRUE, [{**CROSSED, "right_ankle": (222, 285)}]),
    Case("a foot on the next seat", State.TRUE, [{"left_knee": (290, 262), "left_ankle": (350, 270)}]),
)
HAND = (
    Case("hands at rest", State.FALSE, [{}, {}], 120),
    Case("on the neighbour's thigh", State.TRUE, [REACH, {}], 120),
    Case("held over it", State.FALSE, [{"left_elbow": (270, 150), "left_wrist": (293, 188)}, {}], 120),
    Case("between the two", State.FALSE, [{"left_elbow": (255, 215), "left_wrist": (262, 252)}, {}], 120),
    Case("elbow hidden: whose hand?", State.NOT_OBSERVABLE, [{**REACH, "left_elbow": None}, {}], 120),
    Case(
        "the other's thighs hidden",
        State.NOT_OBSERVABLE,
        [REACH, {"left_knee": None, "right_knee": None}],
        120,
    ),
    Case("on the own thigh, legs touch", State.FALSE, [{"left_wrist": (230, 236)}, {}], 54),
    Case("own thigh hidden", State.NOT_OBSERVABLE, [{**REACH, "left_knee": None}, {}], 120),
)


def skeleton(moves: Moves, shift: float) -> Skeleton:
    """The upright person with some joints moved or hidden, all ``shift`` pixels to the right."""
    points = {name: (x + shift, y) for name, (x, y) in PERSON.items()} | {
        name: None if xy is None else (xy[0] + shift, xy[1]) for name, xy in moves.items()
    }
    rows = [points[name] for name in KEYPOINTS]
    return Skeleton(
        topology="trt_pose",
        keypoints=KEYPOINTS,
        xy=[(float("nan"),) * 2 if row is None else row for row in rows],
        score=[0.0 if row is None else 0.9 for row in rows],
        person_score=0.9,
    )


def read(kind: str, case: Case) -> tuple[State, list[Skeleton]]:
    """What the detector says of a case, of the first person or of what the first does to the second."""
    seats = tuple(
        SeatView(name=f"Row1.Pos{i}", zone=outline, cushion=outline)
        for i, outline in enumerate((CUSHION, BESIDE), 1)
    )
    views = {"front": CameraView(camera_id="front", seats=seats)}
    people = [skeleton(moves, case.beside_px * i) for i, moves in enumerate(case.people)]
    tracks = tuple(
        Track(track_id=i, box_xyxy=p.box_xyxy, box_source="keypoints", skeleton=p, seat=f"Row1.Pos{i}")
        for i, p in enumerate(people, 1)
    )
    scene = Scene(t_s=0.0, camera_id="front", size_wh=SIZE, tracks=tracks)
    detector = {"feet_on_seats": FeetOnSeats, "hand_on_leg": HandOnLeg}[kind]
    return detector(detector.Options(**case.options), views).read(scene)[0].state, people


def table(kind: str, cases: Sequence[Case]) -> str:
    """The SVG of all cases of a detector.

    Raises:
        AssertionError: a case reads otherwise than it should.
    """
    width, height = 210, 236
    rows = -(-len(cases) // PER_ROW)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * PER_ROW}" height="{height * rows}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
    ]
    for i, case in enumerate(cases):
        state, people = read(kind, case)
        assert state is case.state, f"{kind}, {case.name}: expected {case.state.value}, read {state.value}"
        parts.append(f'<g transform="translate({i % PER_ROW * width},{i // PER_ROW * height})">')
        parts.append('<g transform="translate(5,4) scale(0.5)">')
        if kind == "feet_on_seats":
            for outline in (CUSHION, BESIDE):
                corners = " ".join(f"{x * SIZE[0]:g},{y * SIZE[1]:g}" for x, y in outline)
                parts.append(
                    f'<polygon points="{corners}" fill="#dde6ee" stroke="#8899aa" stroke-width="2"/>'
                )
        for person, color in zip(people, ("#c2410c", "#1d4ed8"), strict=False):
            parts += drawn(person, color)
        parts.append("</g>")
        fill = {"true": "#b91c1c", "false": "#15803d", "not_observable": "#6b7280"}[state.value]
        parts.append(f'<text x="105" y="212" text-anchor="middle">{case.name}</text>')
        parts.append(
            f'<text x="105" y="228" text-anchor="middle" font-weight="bold" fill="{fill}">'
            f"{state.value}</text></g>"
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def drawn(person: Skeleton, color: str) -> list[str]:
    """Limbs and joints that are seen, as SVG."""
    lines = [
        f'<line x1="{person[a][0]:g}" y1="{person[a][1]:g}" x2="{person[b][0]:g}" y2="{person[b][1]:g}" '
        f'stroke="{color}" stroke-width="7" stroke-linecap="round"/>'
        for a, b in LIMBS
        if person.sees(a, b)
    ]
    return [*lines, f'<circle cx="{person["nose"][0]:g}" cy="{person["nose"][1]:g}" r="20" fill="{color}"/>']


TABLES = {"feet_on_seats": FEET, "hand_on_leg": HAND}


def main() -> None:
    """Write all tables."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for kind, cases in TABLES.items():
        (FOLDER / f"{kind}.svg").write_text(table(kind, cases), encoding="utf-8")


if __name__ == "__main__":
    main()
