"""What no cabin can be built of is refused in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cabinsafe.errors import ConfigError
from cabinsafe.synthetic.cabin import CabinSpec, draw_cabin

Fixed = Mapping[str, Any]
REFUSED = [
    ({"kind": "truck"}, "kind"),
    ({"half_width_m": 3}, "half_width_m.*at most 1.4"),
    ({"half_width_m": "wide"}, "half_width_m"),
    ({"rof_m": 1.2}, "did you mean 'roof_m'"),
    ({"roof_m": 1.0}, r"rows.0: roof_m must be 0.75 above hip_m, got 1 and 0.28"),
    ({"half_width_m": 0.55}, "half_width_m must be that much"),
    ({"rows": []}, "rows"),
    ({"rows": 5}, "rows"),
    ({"rows": "many"}, "rows"),
    ({"rows": [{"seats": [{"y_m": -0.3}, {"y_m": 0.3}]}]}, "rows.0.*from left"),
    ({"rows": [{"seats": [{"y_m": 0.2}, {"y_m": -0.1}]}]}, "overlap by 0.200 m"),
    ({"rows": [{"x_m": 0.0}, {"x_m": -0.3}]}, "at least 0.6 m apart"),
    ({"rows": [{"x_m": 1.0}]}, r"rows.0.x_m must be from -1.55 to 0.42, got 1"),
    ({"rows": [{"facing": "backward"}]}, "a wheel needs a dash and a first row that faces forward"),
    ({"dash": None}, "a wheel needs a dash"),
    ({"dash": {"top_m": 0.5, "bottom_m": 0.45}}, "top_m must be at least 0.1 above"),
    ({"dash": {"top_m": 1.1}}, "dash.top_m must be 0.25 below roof_m"),
    ({"rows": [{"cushion_m": 0.2}]}, "rows.0.cushion_m must be at most 0.16 to stay off the floor"),
    ({"belt_line_m": 1.1}, "belt_line_m must be 0.2 below roof_m"),
    ({"windows": {"pillars_m": [-1.0, -0.5]}}, "pillars_m must run from front to rear"),
    ({"windows": {"closed": ["leftmost"]}}, "windows.closed.0"),
    ({"materials": {"seat": {"pattern": "zigzag"}}}, "materials.seat.pattern"),
    ({"materials": {"seat": {"color": [2, 0, 0]}}}, "materials.seat.color.0.*at most 1"),
    ({"things": [{"kind": "bag"}]}, "a bag needs a seat"),
    ({"things": [{"kind": "bag", "seat": "Row7.Pos1"}]}, "things.0: no seat Row7.Pos1, there are Row1.Pos1"),
    ({"things": [{"kind": "dragon", "seat": "Row1.Pos1"}]}, "things.0.kind"),
]


@pytest.mark.parametrize(("values", "message"), REFUSED)
def test_specs_refuse_what_cannot_be_built(values: Fixed, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        CabinSpec(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "truck"},
        {"rows": 5},
        {"rows": "many"},
        {"rows": [{"x_m": "a"}]},
        {"roof_m": "high"},
        {"sats": 1},
    ],
)
def test_drawing_refuses_fixed_values_that_a_spec_refuses(values: Fixed) -> None:
    with pytest.raises(ConfigError, match=next(iter(values))):
        draw_cabin(0, values)
