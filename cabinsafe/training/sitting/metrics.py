"""How well a posture classifier does on samples it has not seen: by label, by pose, by calibration."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cabinsafe.training.sitting.geometry import PoseSamples
from cabinsafe.training.sitting.repertoire import REPERTOIRE

Array = NDArray[np.float64]


def measure(samples: PoseSamples, probability: Array, threshold: float) -> dict[str, Any]:
    """Metrics of held-out samples; probability (N,), NaN where it abstained (too little was seen).

    ``alarm_rate`` of a pose is the share of the judged ones at or above the threshold. Poses whose label lies
    out of sight count too; ``recall_in_sight`` leaves them out.
    """
    judged = ~np.isnan(probability)
    alarm = probability >= threshold
    unsafe, safe = judged & samples.unsafe, judged & ~samples.unsafe
    in_sight = unsafe & samples.label_in_sight()
    recall, false_alarms = alarm[unsafe].mean(), alarm[safe].mean()
    by_pose = {}
    for name in REPERTOIRE:
        here = samples.pose == name
        if (here & judged).any():
            rates = {"alarm_rate": alarm[here & judged].mean(), "abstained_share": 1 - judged[here].mean()}
            by_pose[name] = {"judged": int((here & judged).sum()), **_rounded(rates)}
    rates = {
        "abstained_share_safe": 1 - judged[~samples.unsafe].mean(),
        "abstained_share_unsafe": 1 - judged[samples.unsafe].mean(),
        "balanced_accuracy": (recall + 1 - false_alarms) / 2,
        "recall": recall,
        "recall_in_sight": alarm[in_sight].mean(),
        "safe_alarm_rate": false_alarms,
        "precision": samples.unsafe[judged & alarm].mean() if (judged & alarm).any() else np.nan,
        "calibration_error": calibration_error(probability[judged], samples.unsafe[judged]),
    }
    counts = {
        "judged": judged.sum(),
        "vehicles": len(set(samples.vehicle)),
        "people": len(set(samples.person)),
    }
    return {
        **{name: int(count) for name, count in counts.items()},
        "unsafe_share_judged": round(float(samples.unsafe[judged].mean()), 3),
        **_rounded(rates),
        "by_pose": by_pose,
    }


def calibration_error(probability: Array, unsafe: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error: mean gap of probability and frequency over even bins, weighted by size."""
    which = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = np.bincount(which, probability - unsafe, minlength=bins)
    return float(np.abs(gaps).sum() / len(probability))


def _rounded(rates: dict[str, Any]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in rates.items()}
