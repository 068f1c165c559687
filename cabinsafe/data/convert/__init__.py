"""Other people's annotations as the library's own keypoint files."""

from cabinsafe.data.convert.conversion import FORMATS, convert
from cabinsafe.data.convert.people import AREA_OF_BOX, BOX_MARGIN
from cabinsafe.data.convert.writer import Summary

__all__ = ["AREA_OF_BOX", "BOX_MARGIN", "FORMATS", "Summary", "convert"]
