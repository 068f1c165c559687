"""What light there is: the time of day, sun, sky, lamps, and what stands along the road.

Strengths are radiances of a white surface that faces the light; on their scale a clear day's sky has about 1.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cabinsafe.options import Options
from cabinsafe.synthetic.scenery import PERIOD_M, Floats, Scenery

LightKind = Literal["day", "overcast", "low_sun", "dusk", "night", "night_ir", "tunnel"]

_WAVELENGTHS_M = np.array([610e-9, 550e-9, 465e-9])


def blackbody(kelvin: float) -> Floats:
    """Colour (3,) of light of a colour temperature, its mean 1; 6500 K is white (Planck's law at 3 bands)."""

    def radiance(k: float) -> NDArray[np.float64]:
        return _WAVELENGTHS_M**-5 / np.expm1(1.4388e-2 / (_WAVELENGTHS_M * k))

    color = radiance(kelvin) / radiance(6500.0)
    return np.asarray(color / color.mean(), np.float32)


class LightSpec(Options):
    """Light and surroundings of a scene."""

    kind: LightKind = "day"
    sun_azimuth_deg: float = Field(60.0, ge=-180, le=180, description="0 ahead, 90 on the vehicle's left")
    sun_elevation_deg: float = Field(45.0, ge=-10, le=90)
    sun_strength: float = Field(3.0, ge=0, le=20)
    sun_kelvin: float = Field(5500.0, ge=1500, le=20000)
    sky_strength: float = Field(1.0, ge=0, le=5)
    sky_kelvin: float = Field(9000.0, ge=1500, le=20000)
    clouds: float = Field(0.4, ge=0, le=1)
    haze: float = Field(0.3, ge=0, le=1)
    lamp_strength: float = Field(0.0, ge=0, le=20, description="Street, tunnel and garage lamps; 0 is off")
    lamp_kelvin: float = Field(3200.0, ge=1500, le=20000)
    lamp_spacing_m: float = Field(24.0, ge=6, le=48, description="Snapped so that a whole number fits 96 m")
    scenery: Scenery = "city"
    scenery_seed: int = Field(0, ge=0)
    tree_shade: float = Field(0.0, ge=0, le=1, description="How much what passes by dims the sun")
    bounce: float = Field(
        0.3, ge=0, le=1, description="Light that the cabin's surfaces pass on, over the light of its windows"
    )
    glass: float = Field(0.75, ge=0, le=1, description="Share of light that the windows let in")
    dome_strength: float = Field(0.0, ge=0, le=20, description="Roof lamp, 1 m away; 0 is off")
    dome_kelvin: float = Field(4000.0, ge=1500, le=20000)
    infrared_strength: float = Field(
        0.0, ge=0, le=100, description="Infrared lamp at the camera, 1 m away; above 0 the picture is grey"
    )
    defocus_deg: float = Field(0.7, ge=0, le=3, description="Radius of the blur disc of what is far")

    @property
    def is_roofed(self) -> bool:
        """Whether a roof shuts out sun and sky: in tunnels and garages."""
        return self.kind == "tunnel" or self.scenery == "garage"

    @property
    def is_mono(self) -> bool:
        """Whether the picture is grey, as an infrared camera sees it."""
        return self.kind == "night_ir" or self.infrared_strength > 0

    @property
    def sun_direction(self) -> NDArray[np.float64]:
        """(3,) unit, towards the sun."""
        azimuth, elevation = np.radians([self.sun_azimuth_deg, self.sun_elevation_deg])
        flat = np.cos(elevation)
        return np.array([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)])

    @property
    def sun_color(self) -> Floats:
        """(3,) of a white surface that faces the sun; black under a roof and below the horizon."""
        is_hidden = self.is_roofed or self.sun_elevation_deg <= 0
        return self._tinted(0.0 if is_hidden else self.sun_strength, self.sun_kelvin)

    @property
    def sky_color(self) -> Floats:
        """(3,) mean radiance of the sky; under a roof that of a lit ceiling."""
        if self.is_roofed:
            return 0.05 * self.lamp_color
        return self._tinted(self.sky_strength, self.sky_kelvin)

    @property
    def lamp_color(self) -> Floats:
        """(3,) strength of the lamps."""
        return self._tinted(self.lamp_strength, self.lamp_kelvin)

    @property
    def dome_color(self) -> Floats:
        """(3,) strength of the roof lamp."""
        return self._tinted(self.dome_strength, self.dome_kelvin)

    @property
    def illuminant(self) -> Floats:
        """(3,) colour of the light as a whole, its mean 1; white where there is none."""
        color = self.level_light + self.dome_color + np.float32(1e-9)
        return np.asarray(color / color.mean(), np.float32)

    @property
    def level_light(self) -> Floats:
        """(3,) radiance of a white surface that faces up: sun, sky, lamps."""
        lamps = 0.015 * self.lamp_color * (24.0 / self.lamp_spacing_m)
        sun = self.sun_color * max(float(self.sun_direction[2]), 0.0)
        return np.asarray(self.sky_color + sun + lamps, np.float32)

    def _tinted(self, strength: float, kelvin: float) -> Floats:
        color = np.ones(3) if self.is_mono else blackbody(kelvin)
        return np.asarray(strength * color, np.float32)

    def lamps(self, travelled_m: float) -> NDArray[np.float64]:
        """(N, 3) lamps within 48 m ahead and behind, in the vehicle frame (z from its floor)."""
        pitch = PERIOD_M / round(PERIOD_M / self.lamp_spacing_m)
        distance, height = (3.6, 4.2) if self.is_roofed else (5.6, 6.5)
        found = []
        for side, shift in ((1, 0.0), (-1, 0.5 * pitch)):
            first = np.ceil((travelled_m - 48 - shift) / pitch)
            spots = np.arange(first, (travelled_m + 48 - shift) / pitch) * pitch + shift - travelled_m
            found.append(np.stack([spots, 0 * spots + side * distance, 0 * spots + height - 0.3], axis=1))
        return np.concatenate(found)
