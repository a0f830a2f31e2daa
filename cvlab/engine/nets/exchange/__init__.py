"""Ways in and out: PyTorch source, traced PyTorch models, ONNX. Nothing that is read is ever executed."""
