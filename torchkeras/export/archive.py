"""`ExportArchive`: several functions of models, under names, in one file."""

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from torch import nn
from torch.export import ExportedProgram

from torchkeras._base.messages import show
from torchkeras._state.variable import Variable
from torchkeras.layers.layer import Layer

from . import onnx_program, torch_archive
from .endpoint import Collection, Endpoint, modules_of
from .model_export import checked
from .signature import Signature, declared, signature_of
from .torch_program import program_of


class ExportArchive:
    """Functions of models, each with a name, that are written to one `.pt2` file.

    `torch.export.load` returns the first one; all of them are in
    `torch.export.pt2_archive._package.load_pt2(path).exported_programs`, by name. Weights that
    they share are in the file once.

    Args:
        format: Kept for Keras's signature; the ending of the file says what is written.

    Example:
        >>> import tempfile, torch, torchkeras
        >>> model = torchkeras.Sequential([torchkeras.Input((3,)), torchkeras.layers.Dense(2)])
        >>> archive = torchkeras.export.ExportArchive()
        >>> archive.track(model)
        >>> spec = torchkeras.InputSpec(shape=(None, 3), dtype="float32")
        >>> _ = archive.add_endpoint("serve", model.call, [spec])
        >>> _ = archive.add_endpoint("classify", lambda x: model(x).argmax(-1), [spec])
        >>> path = tempfile.mkdtemp() + "/model.pt2"
        >>> archive.write_out(path, verbose=False)
        >>> torch.export.load(path).module()(torch.ones(5, 3)).shape
        torch.Size([5, 2])
    """

    def __init__(self, format: str = "saved_model", **kwargs: Any) -> None:
        if format != "saved_model" or kwargs:
            given = ", ".join(
                f"{key}={value!r}" for key, value in {"format": format, **kwargs}.items()
            )
            raise ValueError(
                "The ending of the file that `write_out` is given says what is written: `.pt2` or "
                f"`.onnx`. Received: {given}. Leave it out."
            )
        self._tracked: list[nn.Module] = []
        self._programs: dict[str, ExportedProgram] = {}
        self._collections: dict[str, ExportedProgram] = {}

    # What is in it

    def track(self, resource: Any) -> None:
        """Name a layer, model or torch module whose weights endpoints use.

        Those that an endpoint is, is a method of, or refers to by name, are found without it.

        Args:
            resource: The layer, model or module.

        Raises:
            ValueError: If it is something else, or is not built.
        """
        if not isinstance(resource, nn.Module):
            raise ValueError(
                "`resource` must be a layer, a model or a torch module. Received: "
                f"resource={show(resource)} (of type {type(resource).__name__})."
            )
        if isinstance(resource, Layer) and not resource.built:
            raise ValueError(
                f"Layer {resource.name!r} has not yet been built. Call it on some data or "
                "`build(input_shape)` before it is exported."
            )
        if resource not in self._tracked:
            self._tracked.append(resource)

    @property
    def variables(self) -> list[Variable]:
        """The variables of what is tracked."""
        return self._of_tracked("variables")

    @property
    def trainable_variables(self) -> list[Variable]:
        """The trainable variables of what is tracked."""
        return self._of_tracked("trainable_variables")

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The other variables of what is tracked."""
        return self._of_tracked("non_trainable_variables")

    def _of_tracked(self, which: str) -> list[Variable]:
        found = [v for each in self._tracked for v in getattr(each, which, ())]
        return list({id(variable): variable for variable in found}.values())

    def add_endpoint(
        self, name: str, fn: Callable[..., Any], input_signature: Any = None, **kwargs: Any
    ) -> nn.Module:
        """Trace a function, so that the file has it under a name.

        Args:
            name: The name.
            fn: A function of tensors, such as `model.call`, which runs in inference mode unless it
                says `training=True`.
            input_signature: A list with one structure of symbols, `InputSpec`s or tensors for each
                argument; `None` for a model, or its method, that knows its inputs.
            **kwargs: Passed to `torch.export.export`.

        Returns:
            The traced function, as a torch module.

        Raises:
            ValueError: If the name is taken, or the inputs are not known.
            RuntimeError: If the function cannot be traced.
        """
        self._check_name("name", name)
        signature = self._signature(fn, input_signature)
        endpoint = Endpoint(fn, self._tracked)
        self._programs[name] = program_of(endpoint, signature, f"Endpoint {name!r}", **kwargs)
        return self._programs[name].module()

    def _signature(self, fn: Callable[..., Any], given: Any) -> Signature:
        if given is not None:
            return declared(tuple(given) if isinstance(given, (list, tuple)) else (given,))
        owners = [m for m in modules_of(fn) if fn is m or getattr(fn, "__self__", None) is m]
        if not owners or not hasattr(owners[0], "get_build_config"):
            raise ValueError(
                "`input_signature` is needed for a function that is no model. Pass a list with the "
                "shape and dtype of each argument: `input_signature=[InputSpec(shape=(None, 3), "
                "dtype='float32')]`."
            )
        return signature_of(owners[0])

    def track_and_add_endpoint(
        self, name: str, resource: Any, input_signature: Any, **kwargs: Any
    ) -> nn.Module:
        """Track a layer or model, and add it as an endpoint.

        Args:
            name: The name of the endpoint.
            resource: The layer, model or module.
            input_signature: As for `add_endpoint`.
            **kwargs: Passed to `torch.export.export`.

        Returns:
            The traced function, as a torch module.
        """
        self.track(resource)
        return self.add_endpoint(name, resource, input_signature, **kwargs)

    def add_variable_collection(self, name: str, variables: Iterable[Variable]) -> None:
        """Keep variables, as they are now, under a name: a program without inputs returns them.

        Args:
            name: The name.
            variables: A list, tuple or set of variables, such as `model.optimizer.variables`.

        Raises:
            ValueError: If the name is taken, or something is no variable.
        """
        self._check_name("name", name)
        if not isinstance(variables, (list, tuple, set)):
            raise ValueError(
                "`variables` must be a list, tuple or set. Received: variables="
                f"{show(variables)} (of type {type(variables).__name__})."
            )
        others = [v for v in variables if not isinstance(v, Variable)]
        if others:
            raise ValueError(
                f"`variables` must hold variables alone. Received: {show(others[0])} (of type "
                f"{type(others[0]).__name__})."
            )
        collection = Collection(variables)
        self._collections[name] = program_of(collection, Signature(()), f"Collection {name!r}")

    def _check_name(self, argument: str, name: Any) -> None:
        if not isinstance(name, str) or not re.fullmatch(r"\w[\w.-]*", name):
            raise ValueError(
                f"`{argument}` must be made of letters, digits, `_`, `-` and `.`. Received: "
                f"{argument}={name!r}."
            )
        if name in self._programs or name in self._collections:
            raise ValueError(f"The name {name!r} is already taken. Received: {argument}={name!r}.")

    # Writing

    def write_out(
        self, filepath: "str | os.PathLike[str]", options: Any = None, verbose: bool = True
    ) -> None:
        """Write all endpoints and collections to a file, which is replaced in one step.

        Args:
            filepath: A file that ends in `.pt2`; `.onnx` for a single endpoint, as ONNX files hold
                one.
            options: Kept for Keras's signature; only `None`.
            verbose: Whether a line says what is where.

        Raises:
            ValueError: If there is no endpoint, or the file cannot hold all that there is.
        """
        if not self._programs:
            raise ValueError("There are no endpoints yet. Add one with `add_endpoint(name, fn)`.")
        if options is not None:
            raise ValueError(
                f"`options` are TensorFlow's. Received: options={options!r}. Leave them out."
            )
        onnx = os.fspath(filepath).endswith(".onnx")
        name = checked(filepath, "onnx" if onnx else "torch")
        everything = {**self._programs, **self._collections}
        if onnx and len(everything) > 1:
            raise ValueError(
                "An ONNX file holds one endpoint, and no collections of variables. Received: "
                f"filepath={name!r} for {list(everything)}. Write a `.pt2` file, or an archive for "
                "each endpoint."
            )
        if onnx:
            onnx_program.write(next(iter(everything.values())), name)
        else:
            torch_archive.write(everything, name)
        if verbose:
            listed = ", ".join(self._programs)
            print(f"Saved the endpoints {listed} to {name}.")  # noqa: T201 - as Keras does
