"""Frames to tensors: equal to the numpy reference on every instruction set, a level from OpenCV at most."""

from __future__ import annotations

import sys
import threading

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cabinsafe import _preprocess
from cabinsafe.errors import DataError, ShapeError
from cabinsafe.pose.card import InputSpec
from cabinsafe.pose.preprocess import MAX_SIDE, input_tensor, letterbox, without_bars
from cabinsafe.pose.reference_preprocess import ONE, axis_weights, fill_input

ISAS = _preprocess.instruction_sets()
LEVELS = {"mean": (0, 0, 0), "std": (1, 1, 1)}


def spec_of(size_wh: tuple[int, int] = (352, 352), color: str = "bgr", **values) -> InputSpec:
    wanted = {"mean": (123.675, 116.28, 103.53), "std": (58.395, 57.12, 57.375), "pad_value": 128} | values
    return InputSpec(name="image", color=color, size_wh=size_wh, **wanted)


def random_image(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def by_hand(image: np.ndarray, spec: InputSpec) -> np.ndarray:
    """One image's input, by the reference and the place that the returned transform tells."""
    _, (transform,) = input_tensor([image], spec)
    inner = np.multiply(transform.scale_xy, transform.frame_wh)
    left, top = (int(side) for side in transform.offset_xy)
    return fill_input(image, left, top, (round(inner[0]), round(inner[1])), spec)


def by_cv2(image: np.ndarray, inner_wh: tuple[int, int]) -> np.ndarray:
    shrinking = inner_wh[0] < image.shape[1] or inner_wh[1] < image.shape[0]
    return cv2.resize(image, inner_wh, interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)


def resized(image: np.ndarray, inner_wh: tuple[int, int], isa: str = "") -> np.ndarray:
    out = np.empty((1, 3, inner_wh[1], inner_wh[0]), np.uint8)
    _preprocess.fill([image], [(0, 0, *inner_wh)], rgb=False, pad=0, out=out, threads=1, isa=isa, **LEVELS)
    return out[0].transpose(1, 2, 0)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize(("height", "width"), [(480, 640), (37, 53), (3, 400), (1, 1), (352, 352), (704, 9)])
@pytest.mark.parametrize("color", ["bgr", "rgb"])
def test_every_instruction_set_equals_the_reference(isa: str, height: int, width: int, color: str) -> None:
    image, spec = random_image(height, width), spec_of(color=color)
    expected = by_hand(image, spec)
    _, (transform,) = input_tensor([image], spec)
    inner = [round(s * side) for s, side in zip(transform.scale_xy, transform.frame_wh, strict=True)]
    part = (*(int(side) for side in transform.offset_xy), *inner)
    for dtype in (np.float32, np.float16):
        out = np.full((1, 3, 352, 352), np.nan, dtype)
        _preprocess.fill(
            [image], [part], rgb=color == "rgb", pad=128, mean=spec.mean, std=spec.std, out=out, threads=1,
            isa=isa,
        )  # fmt: skip
        np.testing.assert_array_equal(out[0], expected.astype(dtype))


@settings(max_examples=150, deadline=None)
@given(
    height=st.integers(1, 90), width=st.integers(1, 90), inner_h=st.integers(1, 90),
    inner_w=st.integers(1, 90), seed=st.integers(0, 999),
)  # fmt: skip
def test_any_size_to_any_size(height: int, width: int, inner_h: int, inner_w: int, seed: int) -> None:
    image, spec = random_image(height, width, seed), spec_of((inner_w, inner_h), **LEVELS)
    expected = fill_input(image, 0, 0, (inner_w, inner_h), spec).transpose(1, 2, 0)
    for isa in ISAS:
        np.testing.assert_array_equal(resized(image, (inner_w, inner_h), isa), expected)


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize(
    ("height", "width"), [(720, 1280), (480, 640), (1080, 1920), (704, 704), (200, 300), (352, 352), (90, 60)]
)
def test_within_one_level_of_opencv(height: int, width: int, smooth: bool) -> None:
    image = random_image(height, width)
    image = cv2.GaussianBlur(image, (0, 0), 9) if smooth else image
    tensor, (transform,) = input_tensor([image], spec_of(**LEVELS))
    inner = tuple(round(s * side) for s, side in zip(transform.scale_xy, (width, height), strict=True))
    left, top = (int(side) for side in transform.offset_xy)
    canvas = np.full((352, 352, 3), 128, np.uint8)
    canvas[top : top + inner[1], left : left + inner[0]] = by_cv2(image, inner)
    assert np.abs(tensor[0].transpose(1, 2, 0) - canvas).max() <= 1


@given(frame=st.integers(1, 400), inner=st.integers(1, 400))
def test_weights_of_an_axis(frame: int, inner: int) -> None:
    """They sum to one, are not negative, and their centre is that of what they stand for."""
    weights = axis_weights(frame, inner)
    assert weights.shape == (inner, frame)
    assert (weights.sum(axis=1) == ONE).all()
    assert weights.min() >= 0
    middle = (weights @ (np.arange(frame) + 0.5)) / ONE
    wanted = np.clip((np.arange(inner) + 0.5) * frame / inner, 0.5, frame - 0.5)
    np.testing.assert_allclose(middle, wanted, atol=0.26 if inner < frame else 1e-3 * frame)


def test_one_colour_stays_that_colour() -> None:
    for level in (0, 1, 127, 254, 255):
        for shape in ((720, 1280), (11, 13), (999, 352)):
            canvas, _ = letterbox(np.full((*shape, 3), level, np.uint8), (352, 352), level)
            assert (canvas == level).all()


def test_views_are_read_where_they_lie() -> None:
    """A cut-out, upside down, side by side, colours reversed: the same as of a copy."""
    image, spec = random_image(200, 300), spec_of()
    both_fields = np.ascontiguousarray(image.reshape(100, 600, 3))[:, :300]
    views = [
        image[20:150, 31:222],
        image[::-1],
        image[:, ::-1],
        image[..., ::-1],
        image[::3, ::2],
        both_fields,
    ]
    for view in views:
        (from_view, _), (from_copy, _) = (input_tensor([i], spec) for i in (view, view.copy()))
        np.testing.assert_array_equal(from_view, from_copy)
    frozen = image.copy()
    frozen.setflags(write=False)
    np.testing.assert_array_equal(input_tensor([frozen], spec)[0], input_tensor([image], spec)[0])


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_a_batch_is_its_images_one_by_one(threads: int) -> None:
    images = [
        random_image(*size, seed) for seed, size in enumerate([(48, 64), (480, 640), (7, 3), (360, 360)])
    ]
    spec = spec_of((96, 64))
    batch, transforms = input_tensor(images, spec, threads=threads)
    assert batch.shape == (4, 3, 64, 96)
    for image, tensor, transform in zip(images, batch, transforms, strict=True):
        np.testing.assert_array_equal(tensor, by_hand(image, spec))
        assert transform.frame_wh == (image.shape[1], image.shape[0])
    assert input_tensor([], spec)[0].shape == (0, 3, 64, 96)


def test_other_types_of_input() -> None:
    image = random_image(30, 40)
    single, _ = input_tensor([image], spec_of())
    half, _ = input_tensor([image], spec_of(), "float16")
    np.testing.assert_array_equal(half, single.astype(np.float16))
    levels, _ = input_tensor([image], spec_of(**LEVELS), "uint8")
    assert levels.dtype == np.uint8
    np.testing.assert_array_equal(levels, input_tensor([image], spec_of(**LEVELS))[0])


def test_halves_round_as_numpy_does() -> None:
    """Small deviations make large values: exact, halfway, subnormal and beyond the largest half."""
    image = np.arange(256, dtype=np.uint8).reshape(1, 256, 1).repeat(3, axis=2)
    for std in (1.0, 0.0039, 3e-3, 977.1, 2.0**24, 3.3e7, 1e9):
        values = {"mean": (1 / 3,) * 3, "std": (std,) * 3}
        single, _ = input_tensor([image], spec_of((256, 1), **values))
        with np.errstate(over="ignore"):
            expected = single.astype(np.float16)
        for isa in ISAS:
            out = np.empty((1, 3, 1, 256), np.float16)
            _preprocess.fill(
                [image], [(0, 0, 256, 1)], rgb=False, pad=0, out=out, threads=1, isa=isa, **values
            )
            np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize(
    ("image", "got"),
    [
        (np.zeros((4, 4), np.uint8), r"uint8 \(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), r"uint8 \(4, 4, 4\)"),
        (np.zeros((4, 4, 3), np.float32), r"float32 \(4, 4, 3\)"),
        (np.zeros((4, 4, 3), np.int8), r"int8 \(4, 4, 3\)"),
        (np.zeros((0, 4, 3), np.uint8), r"uint8 \(0, 4, 3\)"),
        (np.zeros((4, 0, 3), np.uint8), r"uint8 \(4, 0, 3\)"),
        (np.broadcast_to(np.uint8(0), (4, MAX_SIDE + 1, 3)), rf"uint8 \(4, {MAX_SIDE + 1}, 3\)"),
    ],
    ids=["grey", "with alpha", "float", "signed", "no rows", "no columns", "huge"],
)
def test_what_is_no_image_is_refused(image: np.ndarray, got: str) -> None:
    with pytest.raises(ShapeError, match=rf"image: expected uint8 array \(H, W, 3\).*, got {got}"):
        input_tensor([random_image(4, 4), image], spec_of())


def test_the_largest_and_the_thinnest() -> None:
    for shape in ((MAX_SIDE, 1), (1, MAX_SIDE)):
        image = random_image(*shape)
        np.testing.assert_array_equal(
            input_tensor([image], spec_of((64, 64)))[0][0], by_hand(image, spec_of((64, 64)))
        )


def test_types_that_no_input_has() -> None:
    with pytest.raises(DataError, match="float32, float16 or uint8, not int32"):
        input_tensor([random_image(4, 4)], spec_of(), "int32")
    with pytest.raises(DataError, match=r"a uint8 input is not normalised.* got \(123.675"):
        input_tensor([random_image(4, 4)], spec_of(), "uint8")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parts": [(1, 0, 8, 8)]}, "must lie inside the input"),
        ({"parts": [(0, -1, 8, 8)]}, "must lie inside the input"),
        ({"parts": [(0, 0, 0, 8)]}, "the part's width must be from 1 to 16384, got 0"),
        ({"parts": []}, r"for B images and parts"),
        ({"out": np.empty((1, 3, 8, 16), np.float32)[..., ::2]}, "contiguous"),
        ({"out": np.empty((1, 3, 8, 8), np.int16)}, "out is float32, float16 or uint8"),
        ({"std": (1, 0, 1)}, "std must be above 0"),
        ({"isa": "mmx"}, "no instruction set 'mmx' here"),
        ({"images": [np.zeros((8, 8, 6), np.uint8)[..., ::2]]}, "without gaps between pixels"),
    ],
)
def test_the_native_call_checks_what_it_is_given(changes: dict, message: str) -> None:
    arguments = dict(
        images=[random_image(8, 8)], parts=[(0, 0, 8, 8)], rgb=False, pad=0, threads=1, **LEVELS,
        out=np.empty((1, 3, 8, 8), np.float32),
    )  # fmt: skip
    with pytest.raises(ValueError, match=message):
        _preprocess.fill(**(arguments | changes))


def test_other_threads_run_meanwhile() -> None:
    """No thread is ever made to wait for another here, so this one goes on only if the kernel lets it."""
    before, rounds, stop = sys.getswitchinterval(), [], threading.Event()

    def work() -> None:
        while len(rounds) < 100 and not stop.is_set():
            rounds.append(input_tensor([image], spec_of()))

    image = random_image(1000, 1500)
    worker = threading.Thread(target=work)
    sys.setswitchinterval(1000)
    try:
        worker.start()
        stop.set()
        worker.join()
    finally:
        sys.setswitchinterval(before)
    assert len(rounds) < 100


@pytest.mark.parametrize(
    ("sizes_hw", "size_wh"),
    [
        ([(480, 640)], (352, 264)),
        ([(720, 1280)], (352, 200)),  # 198 rows of picture
        ([(640, 360)], (200, 352)),
        ([(352, 352)], (352, 352)),
        ([(720, 1280), (640, 480)], (352, 352)),  # one lies, one stands
        ([(1, 2000)], (352, 8)),
    ],
)
def test_an_input_without_bars_holds_all_images_as_large_as_before(
    sizes_hw: list[tuple[int, int]], size_wh: tuple[int, int]
) -> None:
    images, spec = [random_image(*size) for size in sizes_hw], spec_of(side_multiple=8)
    tight = without_bars(spec, images)
    assert tight == spec.model_copy(update={"size_wh": size_wh})
    for before, after in zip(*(input_tensor(images, s)[1] for s in (spec, tight)), strict=True):
        assert after.scale_xy == before.scale_xy
        assert all(0 <= offset <= old for offset, old in zip(after.offset_xy, before.offset_xy, strict=True))


def test_only_a_network_of_any_size_goes_without_bars() -> None:
    assert without_bars(spec_of(), [random_image(48, 64)]) == spec_of()
    with pytest.raises(ShapeError, match=r"uint8 array \(H, W, 3\)"):
        without_bars(spec_of(side_multiple=8), [np.zeros((4, 4), np.uint8)])
