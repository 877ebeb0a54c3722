"""The package's own source calls nothing that could run the data it is given."""

import ast
from collections.abc import Iterator
from pathlib import Path

import torchkeras

ROOT = Path(torchkeras.__file__).parent
CALLS = {
    "eval", "exec", "compile", "__import__", "import_module", "run_path", "run_module",
    "pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.load", "marshal.loads",
    "torch.load", "hub.load", "np.load", "numpy.load", "yaml.load", "yaml.unsafe_load",
    "yaml.full_load", "os.system", "os.popen", "subprocess.run", "subprocess.Popen",
    "subprocess.check_output", "shelve.open", "joblib.load",
}  # fmt: skip
# Each of these is safe for the reason beside it.
KNOWN = {
    "__main__.py": {"exec", "compile", "run_module"},  # the program that the user starts
    "_base/bytecode.py": {"marshal.loads"},  # where the caller has said `safe_mode=False`
    "_symbolic/program.py": {
        "exec",
        "compile",
    },  # code made from graphs, in which names are checked
    "_training/recorded/straight.py": {"exec", "compile"},  # code made from kernels that ran
    "datasets/_verified.py": {"np.load"},  # known hashes alone, allow_pickle=False
    "datasets/digits.py": {"np.load"},  # our own file
    "export/onnx_program.py": {"__import__"},  # onnx, onnxscript
    "layers/core/torch_module_wrapper.py": {"torch.load"},  # `safe_mode=False` here, too
    "legacy/finder.py": {"import_module"},  # the modules of old programs, which are ours
    "legacy/old_modules.py": {"import_module"},
    "legacy/program.py": {"import_module"},
    "visualization/boxes.py": {"import_module"},  # Pillow's parts
    "wrappers/__init__.py": {"import_module"},  # our own, when they are first used
}


LAST = {call.rpartition(".")[2] for call in CALLS}


def _last_name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def _imports_known(call: ast.Call) -> bool:
    """Say whether a call imports a module whose name is written there."""
    known = bool(call.args) and isinstance(call.args[0], ast.Constant)
    return known and _last_name(call.func) in ("import_module", "__import__")


def dangerous(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if (
            isinstance(node, ast.Call)
            and _last_name(node.func) in LAST
            and not _imports_known(node)
        ):
            name = ast.unparse(node.func)
            yield from ({name, ".".join(name.split(".")[-2:]), _last_of_module(name)} & CALLS)


def _last_of_module(name: str) -> str:
    """Return `import_module` of `importlib.import_module`; methods called `eval` are not meant."""
    return name.removeprefix("importlib.").removeprefix("runpy.")


def test_no_call_that_can_run_data():
    found = {path.relative_to(ROOT).as_posix(): set(dangerous(path)) for path in ROOT.rglob("*.py")}
    assert {file: calls for file, calls in found.items() if calls} == KNOWN


def test_numpy_files_hold_no_pickles():
    for file in ("datasets/_verified.py", "datasets/digits.py"):
        for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.load":
                assert "allow_pickle=False" in ast.unparse(node)
