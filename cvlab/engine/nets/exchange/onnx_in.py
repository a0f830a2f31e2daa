"""An ONNX model as a net of ours, weights included, where every operator has a layer here; else it says which has not.

The file is parsed, never run. Tensors kept outside the file are refused.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from cvlab.engine.errors import NotOurFile
from cvlab.engine.nets.exchange.assembler import Imported, NotHere
from cvlab.engine.nets.exchange.onnx_operators import OPERATORS
from cvlab.engine.nets.exchange.onnx_out import MAX_BYTES, packages
from cvlab.engine.nets.exchange.onnx_reader import Reader, first_line, refuse_outside
from cvlab.engine.nets.exchange.upbringing import told
from cvlab.engine.validation import first_problem


def read_onnx(data: bytes, image: tuple[int, int, int] | None = None) -> Imported:
    """The net and its weights. image: (C, H, W), for a model whose input leaves it open.

    Raises `NotOurFile` for what is no ONNX model and for weights that are damaged or do not fit, `NotHere` for operators
    without a layer here and for weights kept outside the file, `ShapeError` where it does not fit together.
    """
    onnx, _ = packages()
    if len(data) > MAX_BYTES:
        raise NotOurFile("The file is larger than 1.9 GB.")
    try:
        model = onnx.load_model_from_string(data)
        refuse_outside(onnx, model)
        onnx.checker.check_model(model)
    except NotHere:
        raise
    except Exception as error:  # protobuf's and onnx's own families, which have no common base
        raise NotOurFile("This is not an ONNX model, or only a part of one.", received=first_line(error)) from error
    found = _read(Reader(onnx, model.graph, image), model.graph)
    return told(found, {each.key: each.value for each in model.metadata_props})


def _read(reader: Reader, graph: Any) -> Imported:
    unknown: dict[str, int] = {}
    for node in graph.node:
        if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS:
            told = f"{node.domain}.{node.op_type}".lstrip(".")
            unknown[told] = unknown.get(told, 0) + 1
    if unknown:
        names = ", ".join(f"{name[:40]} ({count}×)" for name, count in sorted(unknown.items()))
        raise NotHere(f"No layer here does this: {names}.", remedy="Replace these operators, or choose another model.")
    for node in graph.node:
        try:
            OPERATORS[node.op_type](reader, node, reader.attributes(node))
        except ValidationError as error:
            raise NotHere(f"{node.name or node.op_type}: {first_problem(error)}") from error
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            # Of inputs and attributes, onnx checks only that some of them are there.
            raise NotOurFile(
                f"The operator {(node.name or node.op_type)[:40]} is damaged.", received=first_line(error)
            ) from error
    return reader.net.finish(graph.output[0].name, reader.weights)
