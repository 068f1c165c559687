"""Whether a camera still shows the cabin: blind, frozen, or moved; judged on a few of the frame's pixels.

*Blind* is a picture without structure: two interleaved samples of a picture that shows something agree in
their gradients, also in the dark; samples of noise or of an even surface do not. *Frozen* is a picture that
does not change in a single pixel, not even by noise. *Moved* is a camera whose standing edges lie elsewhere
than they used to, or that shows another view; people, and what passes outside the windows, are averaged away.
Gradients count by their direction, so that light does not matter. The shift is the peak of the
cross-correlation, by FFT.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cabinsafe.options import Options
from cabinsafe.types import Frame, Reading, State

_CELLS_HW: Final = (48, 64)  # the picture's own shape is stretched to these

Pixels = NDArray[np.uint8]
Gradients = NDArray[np.complex64]


class CameraHealthOptions(Options):
    """When a camera counts as blind, frozen or moved."""

    check_every_s: float = Field(0.5, gt=0, le=60, description="Time between two looks at a camera's picture")
    min_detail_levels: float = Field(
        0.7, ge=0, le=255, description="Grey levels of structure between cells below which it is blind"
    )
    min_agreement: float = Field(
        0.06, ge=0, le=1, description="Correlation of two samples of one picture below which it is blind"
    )
    learn_s: float = Field(
        15.0, gt=0, le=3600, description="Time over which the usual view is learnt at first"
    )
    adapt_s: float = Field(600.0, gt=0, le=86400, description="Time over which it follows slow changes")
    recent_s: float = Field(3.0, gt=0, le=600, description="Time over which the present view is averaged")
    max_shift_share: float = Field(
        0.025, gt=0, le=0.5, description="Shift, in widths or heights of the picture, that counts as moved"
    )
    min_likeness: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Correlation with the usual view below which a shift is looked for; below half of it the "
        "camera has moved even if none is found",
    )


@dataclass
class _View:
    """What is known of one camera."""

    begun_s: float
    looked_s: float
    pixels: Pixels
    usual: Gradients
    recent: Gradients
    readings: tuple[Reading, ...] = ()


class CameraHealth:
    """Readings about cameras themselves: kinds ``camera_blind``, ``camera_frozen`` and ``camera_moved``.

    Args:
        options: thresholds.
    """

    def __init__(self, options: CameraHealthOptions | None = None) -> None:
        self._options = options or CameraHealthOptions()
        self._views: dict[str, _View] = {}

    def reset(self) -> None:
        """Forget all views: each camera may look at something else from now on."""
        self._views.clear()

    def read(self, frame: Frame) -> tuple[Reading, ...]:
        """Readings of a camera's picture; between two looks those of the last one."""
        view = self._views.get(frame.camera_id)
        if view is not None and frame.t_s - view.looked_s < self._options.check_every_s:
            return view.readings
        pixels = _sample(frame)
        first, second = _gradients(pixels)
        gradients = _directions((first + second) / 2)
        if view is None:
            view = _View(frame.t_s, frame.t_s, pixels, gradients, gradients)
            self._views[frame.camera_id] = view
            frozen = State.NOT_OBSERVABLE
        else:
            frozen = State.TRUE if np.array_equal(pixels, view.pixels) else State.FALSE
        blind = self._blind(first, second)
        moved = self._moved(view, gradients, frame.t_s, blind.state is State.TRUE)
        view.readings = (blind, _reading("camera_frozen", frozen), moved)
        view.pixels, view.looked_s = pixels, frame.t_s
        return view.readings

    def _blind(self, first: Gradients, second: Gradients) -> Reading:
        common = float(np.vdot(first, second).real)
        energy = float(np.sqrt(np.vdot(first, first).real * np.vdot(second, second).real))
        detail = float(np.sqrt(max(common, 0.0) / first.size))
        agreement = common / energy if energy > 0 else 0.0
        blind = detail < self._options.min_detail_levels or agreement < self._options.min_agreement
        evidence = {"detail_levels": round(detail, 3), "sample_agreement": round(agreement, 3)}
        return _reading("camera_blind", State.TRUE if blind else State.FALSE, **evidence)

    def _moved(self, view: _View, gradients: Gradients, t_s: float, blind: bool) -> Reading:
        """Compare the view of late with the usual one; what a blind camera shows is kept out of both."""
        options, step_s = self._options, t_s - view.looked_s
        if blind:
            return _reading("camera_moved", State.NOT_OBSERVABLE)
        view.recent = _towards(view.recent, gradients, step_s / options.recent_s)
        age_s = t_s - view.begun_s
        if age_s < options.learn_s:
            view.usual = _towards(view.usual, gradients, step_s / max(age_s, step_s, 1e-9))
            return _reading("camera_moved", State.NOT_OBSERVABLE)
        likeness = _likeness(view.usual, view.recent)
        evidence = {"likeness": round(likeness, 3)}
        if likeness >= options.min_likeness:
            view.usual = _towards(view.usual, gradients, step_s / options.adapt_s)
            return _reading("camera_moved", State.FALSE, **evidence)
        x, y = _shift(view.usual, view.recent)
        evidence |= {"shift_x_widths": round(x, 3), "shift_y_heights": round(y, 3)}
        moved = max(abs(x), abs(y)) >= options.max_shift_share or likeness < options.min_likeness / 2
        return _reading("camera_moved", State.TRUE if moved else State.FALSE, **evidence)


def _reading(kind: str, state: State, **evidence: float) -> Reading:
    score = 1.0 if state is State.TRUE else 0.0
    return Reading(kind=kind, track_ids=(), state=state, score=score, evidence=evidence)


def _sample(frame: Frame) -> Pixels:
    """(2H, 2W) of the green channel, four pixels for each cell."""
    width, height = frame.size_wh
    rows = ((np.arange(2 * _CELLS_HW[0]) + 0.5) * height / (2 * _CELLS_HW[0])).astype(np.intp)
    columns = ((np.arange(2 * _CELLS_HW[1]) + 0.5) * width / (2 * _CELLS_HW[1])).astype(np.intp)
    pixels: Pixels = frame.image[rows[:, None], columns, 1]
    return pixels


def _gradients(pixels: Pixels) -> Iterator[Gradients]:
    """Two (H - 1, W - 1) grids of x + iy, grey levels between cells, from pixels that no two share."""
    a = pixels.astype(np.float32)
    for cells in ((a[::2, ::2] + a[1::2, 1::2]) / 2, (a[::2, 1::2] + a[1::2, ::2]) / 2):
        grid = np.diff(cells, axis=1)[:-1] + 1j * np.diff(cells, axis=0)[:, :-1]
        yield (grid - grid.mean()).astype(np.complex64)  # an even fall of light is no structure


def _directions(grid: Gradients) -> Gradients:
    """Gradients of length 1 where they are strong for this picture, less where they are weak."""
    size = np.abs(grid)
    soft = np.median(size) + 1.0
    directions: Gradients = (grid / (size + soft)).astype(np.complex64)
    return directions


def _towards(grid: Gradients, other: Gradients, share: float) -> Gradients:
    nearer: Gradients = (grid + (other - grid) * np.float32(min(share, 1.0))).astype(np.complex64)
    return nearer


def _likeness(usual: Gradients, recent: Gradients) -> float:
    """Correlation of two grids, 1 for the same."""
    energy = float(np.sqrt(np.vdot(usual, usual).real * np.vdot(recent, recent).real))
    return float(np.vdot(usual, recent).real) / energy if energy > 0 else 0.0


def _shift(usual: Gradients, recent: Gradients) -> tuple[float, float]:
    """By how many widths and heights of the picture ``recent`` lies right of and below ``usual``."""
    height, width = usual.shape
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    spectrum = np.fft.fft2(recent * window) * np.conj(np.fft.fft2(usual * window))
    correlation = np.fft.ifft2(spectrum).real
    row, column = np.unravel_index(int(correlation.argmax()), correlation.shape)
    y, x = ((int(place) + n // 2) % n - n // 2 for place, n in ((row, height), (column, width)))
    return x / _CELLS_HW[1], y / _CELLS_HW[0]
