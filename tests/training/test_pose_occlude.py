"""What is painted over people hides pixels, never too much of a person, and no label."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cabinsafe.errors import ConfigError
from cabinsafe.training.pose.occlude import Canvas, OccludeSpec, add_occluders, cut_out, fabric
from cabinsafe.training.pose.surround import add_cabin, cabin_colour

SIZE = 96
SEEDS = range(30)
NOBODY = np.zeros((0, 4), np.float32)
Effect = Callable[[Canvas, OccludeSpec, np.random.Generator], None]


def canvas(xy: np.ndarray | None = None, most_hidden: float = 0.5, level: int = 255) -> Canvas:
    points = np.zeros((0, 4, 2), np.float32) if xy is None else xy.astype(np.float32)
    return Canvas(np.full((SIZE, SIZE, 3), level, np.uint8), points, most_hidden)


def black(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


def left_part(target: Canvas, width: int) -> np.ndarray:
    mask = target.blank()
    mask[:, :width] = 255
    return mask


def person() -> np.ndarray:
    return np.array([[[10, 10], [30, 40], [50, 60], [np.nan, np.nan], [80, 80]]])


def occluders(target: Canvas, spec: OccludeSpec, generator: np.random.Generator) -> None:
    add_occluders(target, NOBODY, spec, generator)


def cabin(target: Canvas, spec: OccludeSpec, generator: np.random.Generator) -> None:
    add_cabin(target, cabin_colour(spec, generator), spec, generator)


EVERY = pytest.mark.parametrize("effect", [cut_out, occluders, cabin])


def test_a_cover_paints_its_mask_and_notes_what_it_hides() -> None:
    target = canvas(person())
    assert target.cover(left_part(target, 40), black)
    assert (target.image[:, :40] == 0).all()
    assert (target.image[:, 40:] == 255).all()
    assert target.hidden.tolist() == [[True, True, False, False, False]]


def test_an_opacity_between_mixes() -> None:
    target = canvas(level=200)
    assert target.cover(np.full((SIZE, SIZE), 51, np.uint8), black)
    assert abs(target.image.astype(int) - 160).max() <= 1


def test_covers_that_hide_too_much_of_a_person_are_left_out() -> None:
    target = canvas(person())
    assert not target.cover(left_part(target, 60), black)
    assert (target.image == 255).all()
    assert not target.hidden.any()
    assert target.cover(left_part(target, 20), black)
    assert target.cover(left_part(target, 40), black)
    assert not target.cover(left_part(target, 60), black)
    everything = canvas(person(), most_hidden=1.0)
    assert everything.cover(left_part(everything, SIZE), black)
    assert (everything.image == 0).all()
    nothing = canvas(person(), most_hidden=0.0)
    assert not nothing.cover(left_part(nothing, 11), black)
    assert nothing.cover(left_part(nothing, 10), black)


def test_an_empty_mask_paints_nothing() -> None:
    target = canvas(person())
    assert target.cover(target.blank(), black)
    assert (target.image == 255).all()


@EVERY
def test_effects_paint_a_part_and_repeat_with_their_seed(effect: Effect) -> None:
    shares = []
    for seed in SEEDS:
        first, again = canvas(), canvas()
        for target in (first, again):
            effect(target, OccludeSpec(), np.random.default_rng(seed))
        np.testing.assert_array_equal(first.image, again.image)
        shares.append((first.image != 255).any(axis=-1).mean())
    assert min(shares) > 0
    assert np.median(shares) < 0.6
    assert len(np.unique(shares)) > 20


@EVERY
def test_effects_never_hide_more_of_a_person_than_allowed(effect: Effect) -> None:
    generator = np.random.default_rng(0)
    hidden = 0
    for _ in SEEDS:
        target = canvas(generator.uniform(0, SIZE, (3, 8, 2)), most_hidden=0.25)
        for _ in range(5):
            effect(target, OccludeSpec(), generator)
        assert (target.hidden.sum(axis=1) <= 2).all()
        hidden += int(target.hidden.sum())
    assert hidden > 0


def test_occluders_lie_on_people_as_large_as_their_option_says() -> None:
    box = np.array([[-20, 8, 40, 40], [300, 0, 400, 50]], np.float32)  # the second is out of sight
    spec = OccludeSpec(occluder_count=(1, 1), occluder_size=(0.2, 0.5))
    for seed in SEEDS:
        target = canvas()
        add_occluders(target, box, spec, np.random.default_rng(seed))
        rows, columns = np.nonzero((target.image != 255).any(axis=-1))
        assert len(rows)
        assert rows.max() < 40 + 20
        assert columns.max() < 40 + 20
        assert max(np.ptp(rows), np.ptp(columns)) <= 0.5 * 40 * 1.5


def test_cut_out_boxes_are_grey_one_colour_or_noise() -> None:
    spec = OccludeSpec(cutout_count=(1, 1), cutout_size=(0.2, 0.3))
    kinds = set()
    for seed in SEEDS:
        target = canvas()
        cut_out(target, spec, np.random.default_rng(seed))
        rows, columns = np.nonzero((target.image != 255).any(axis=-1))
        pixels = target.image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert max(pixels.shape[:2]) <= 0.3 * SIZE
        colours = np.unique(pixels.reshape(-1, 3), axis=0)
        kinds.add("noise" if len(colours) > 1 else "grey" if (colours == 128).all() else "colour")
    assert kinds == {"noise", "grey", "colour"}


def test_cabins_are_of_their_level_and_leave_the_middle_open() -> None:
    spec = OccludeSpec(cabin_level=(40.0, 60.0), cabin_parts=(1, 2))
    open_middle = 0
    for seed in SEEDS:
        target = canvas()
        cabin(target, spec, np.random.default_rng(seed))
        painted = target.image[(target.image != 255).all(axis=-1)]
        assert 10 < np.median(painted) < 100
        open_middle += bool((target.image[SIZE // 2, SIZE // 2] == 255).all())
    assert open_middle > 20


def test_fabric_is_textured_around_its_colour() -> None:
    pixels = fabric(np.array([60.0, 120.0, 180.0]), np.random.default_rng(0))(50, 70)
    assert pixels.shape == (50, 70, 3)
    np.testing.assert_allclose(pixels.mean(axis=(0, 1)), (60, 120, 180), atol=25)
    assert pixels.std(axis=(0, 1)).min() > 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"most_hidden": 1.1}, r"most_hidden: .*got 1\.1 \(allowed: at least 0, at most 1\)"),
        ({"cabin": 2.0}, "cabin: "),
        ({"cabin_parts": (0, 2)}, r"cabin_parts\.0: .*got 0"),
        ({"cabin_parts": (1.5, 2)}, r"cabin_parts\.0: .*got 1\.5"),
        ({"cabin_level": (10.0, 256.0)}, r"cabin_level\.1: .*got 256"),
        ({"occluder_count": (3, 1)}, "occluder_count: the first number must not exceed the second"),
        ({"occluder_size": (0.0, 1.0)}, r"occluder_size\.0: .*got 0\.0"),
        ({"cutout_count": (1, 100)}, r"cutout_count\.1: .*got 100"),
        ({"cutout_size": (0.1, 1.2)}, r"cutout_size\.1: .*got 1\.2"),
    ],
)
def test_bad_options_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        OccludeSpec(**change)
