"""Data sets as plain byte tensors: what there is, how it comes onto this machine, how it is split and scaled."""
