"""What people look like: skin, hair, clothes, things worn; dressed once per person, posed often."""

from cabinsafe.synthetic.wardrobe.dressed import Dressed, dress
from cabinsafe.synthetic.wardrobe.spec import LookSpec, draw_look

__all__ = ["Dressed", "LookSpec", "draw_look", "dress"]
