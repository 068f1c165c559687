"""The steps of post-training quantisation, on ONNX graphs; free of torch."""
