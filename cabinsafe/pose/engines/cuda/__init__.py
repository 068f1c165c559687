"""The GPU behind one small interface: memory, copies, graphs and kernels, by cuda-bindings or pycuda."""

from cabinsafe.pose.engines.cuda.device import Device, HostBuffer, open_device

__all__ = ["Device", "HostBuffer", "open_device"]
