"""Events: readings and time in, one event per episode out. The only room that counts time."""

from cabinsafe.events.gate import EventGate
from cabinsafe.events.options import CAMERA_KINDS, GateOptions, GateSettings, WhenOptions, unobserved_kind

__all__ = ["CAMERA_KINDS", "EventGate", "GateOptions", "GateSettings", "WhenOptions", "unobserved_kind"]
