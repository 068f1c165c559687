"""Surfaces of a cabin: seats, trim, lining, floor."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cabinsafe.options import Options
from cabinsafe.synthetic.mesh import Material, Pattern

Reflectance = Annotated[float, Field(ge=0, le=1)]
ColorSpec = tuple[Reflectance, Reflectance, Reflectance]


class SurfaceSpec(Options):
    """A surface; colours are linear reflectances, red, green, blue."""

    color: ColorSpec = (0.05, 0.05, 0.05)
    color2: ColorSpec = (0.08, 0.08, 0.08)
    pattern: Literal["plain", "stripes", "checks", "dots", "blotches", "weave"] = "plain"
    pattern_per_m: float = Field(25.0, ge=1, le=500, description="Repetitions per metre")
    roughness: float = Field(0.8, ge=0.05, le=1, description="1 is matt, 0 a mirror")
    wrinkles: float = Field(0.0, ge=0, le=1)
    ir_reflectance: Reflectance = Field(0.35, description="Grey under infrared light")

    def material(self) -> Material:
        """The renderer's material."""
        values = self.model_dump() | {"pattern": Pattern[self.pattern.upper()]}
        return Material(**values)


class MaterialsSpec(Options):
    """Surfaces by what they cover."""

    seat: SurfaceSpec = SurfaceSpec(color=(0.08, 0.08, 0.085), pattern="weave", pattern_per_m=60)
    seat_side: SurfaceSpec = Field(
        SurfaceSpec(color=(0.04, 0.04, 0.042), roughness=0.5),
        description="Bolsters, backs of the seats, second colour",
    )
    seam: SurfaceSpec = SurfaceSpec(color=(0.15, 0.15, 0.15), roughness=0.7)
    trim: SurfaceSpec = Field(SurfaceSpec(color=(0.06, 0.06, 0.062)), description="Doors, lower dashboard")
    trim_top: SurfaceSpec = Field(
        SurfaceSpec(color=(0.03, 0.03, 0.031)), description="Upper dashboard, window sills, pillars' feet"
    )
    accent: SurfaceSpec = Field(
        SurfaceSpec(color=(0.4, 0.4, 0.4), roughness=0.3), description="Handles, vents, strips"
    )
    roof: SurfaceSpec = SurfaceSpec(
        color=(0.42, 0.41, 0.38), color2=(0.36, 0.35, 0.33), pattern="weave", pattern_per_m=100
    )
    floor: SurfaceSpec = SurfaceSpec(
        color=(0.03, 0.03, 0.03), color2=(0.05, 0.05, 0.05), pattern="weave", pattern_per_m=80, roughness=1.0
    )
    belt: SurfaceSpec = SurfaceSpec(color=(0.02, 0.02, 0.02), roughness=0.7)
