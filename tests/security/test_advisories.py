"""Each public report has tests, by name; here are those that no other file has."""

import ast
import base64
import json
import marshal
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

import torchkeras
from torchkeras import layers
from torchkeras.datasets._ragged import read_ragged_npz
from torchkeras.datasets._verified import WrongFileError, read_npz

HERE = Path(__file__).parent
TESTS = HERE.parent
KERAS, H5, OWN = "security/test_keras_file.py", "security/test_whole_h5.py", Path(__file__).name
WEIGHTS, GET = "unit/saving/test_hostile_h5.py", "unit/utils/test_get_file.py"
OWN = f"security/{OWN}"

TESTS_BY_REPORT: dict[str, list[str]] = {
    "CVE-2021-35958": [f"{GET}::test_a_hostile_tar_is_refused_as_a_whole"],
    "CVE-2021-37678": [
        f"{OWN}::test_yaml_makes_no_objects",
        "security/test_architecture.py::test_tags_make_no_objects",
    ],
    "CVE-2024-3660": [
        f"{KERAS}::test_lambda_bytecode_is_never_run",
        f"{H5}::test_lambda_bytecode_is_never_run",
    ],
    "CVE-2024-55459": [f"{GET}::test_a_hostile_tar_is_refused_as_a_whole"],
    "CVE-2025-1550": [f"{KERAS}::test_nothing_is_found_by_its_path"],
    "CVE-2025-8747": [
        f"{KERAS}::test_nothing_is_found_by_its_path",
        f"{KERAS}::test_activation_by_a_name_alone",
    ],
    "CVE-2025-9906": [f"{KERAS}::test_a_config_cannot_switch_safe_mode_off"],
    "CVE-2025-9905": [
        f"{H5}::test_lambda_bytecode_is_never_run",
        "security/test_consent.py::test_only_the_caller_allows_code",
    ],
    "CVE-2025-49655": [
        f"{KERAS}::test_pickled_modules_are_refused",
        "security/test_consent.py::test_only_the_caller_allows_code",
    ],
    "CVE-2025-12058": [
        f"{KERAS}::test_a_vocabulary_is_never_opened_by_its_path",
        "unit/layers/test_preprocessing_lookup.py::test_a_config_names_no_file",
    ],
    "CVE-2025-12060": [f"{GET}::test_a_hostile_tar_is_refused_as_a_whole"],
    "CVE-2025-12638": [f"{GET}::test_a_hostile_tar_is_refused_as_a_whole"],
    "CVE-2026-0897": [
        f"{H5}::test_shapes_are_compared_before_reading",
        f"{WEIGHTS}::test_other_shapes_are_refused_before_reading",
        f"{WEIGHTS}::test_bombs_do_not_reach_hooks_of_users",
    ],
    "CVE-2026-1669": [
        f"{H5}::test_links",
        f"{H5}::test_external_storage_and_virtual_datasets",
        f"{WEIGHTS}::test_external_storage",
        f"{WEIGHTS}::test_external_link",
    ],
    "CVE-2026-1462": [f"{KERAS}::test_layers_of_other_programs_are_refused"],
    "CVE-2026-12479": [f"{OWN}::test_names_of_layers_are_no_paths"],
    "CVE-2026-12480": [
        f"{WEIGHTS}::test_virtual_dataset",
        f"{H5}::test_external_storage_and_virtual_datasets",
    ],
    "CVE-2026-12481": [
        f"{OWN}::test_no_way_in_runs_bytecode",
        "security/test_consent.py::test_consent_ends_with_the_call",
        f"{OWN}::test_cloning_goes_through_no_bytecode",
    ],
    "GHSA-hqp4-2352-xf5r": [
        f"{GET}::test_a_hostile_tar_is_refused_as_a_whole",
        f"{GET}::test_a_hostile_zip_is_refused_as_a_whole",
    ],
    "CVE-2026-58659": [f"{OWN}::test_checkpoints_name_no_callables"],
    "CVE-2026-24747": ["security/test_dangerous_calls.py::test_no_call_that_can_run_data"],
    "CVE-2025-32434": ["security/test_dangerous_calls.py::test_no_call_that_can_run_data"],
    "keras #22900, #23163: links in every step": [
        f"{WEIGHTS}::test_links_at_every_step_of_the_path",
        f"{H5}::test_links",
    ],
    "keras #23100: many arrays, each below the limit": [f"{OWN}::test_many_arrays_in_one_hook"],
    "keras #22973, #23015: members that are links": [
        f"{KERAS}::test_links",
        f"{KERAS}::test_names_of_members_stay_inside",
        f"{GET}::test_a_hostile_tar_is_refused_as_a_whole",
    ],
    "keras #23010, #23101: packed bombs": [
        f"{KERAS}::test_packed_bombs",
        f"{KERAS}::test_many_small_bombs",
    ],
    "keras #23016: .npz bombs": [f"{OWN}::test_data_sets_of_strangers_are_not_unpacked"],
    "keras #23026, #23047, #23252: pickles of data sets": [
        "unit/datasets/test_pickles.py::test_everything_else_is_refused",
        "unit/datasets/test_pickles.py::test_a_call_is_refused_in_every_protocol",
        f"{OWN}::test_data_sets_of_strangers_are_not_unpacked",
    ],
    "keras-hub 2715: eval of a vocabulary line": [
        "security/test_dangerous_calls.py::test_no_call_that_can_run_data",
        f"{KERAS}::test_damaged_vocabularies",
    ],
    "keras #22466: custom objects in place of built-in ones": [
        f"{OWN}::test_a_file_cannot_choose_what_a_name_means"
    ],
    "a node without connection that calls a function": [
        f"{OWN}::test_nodes_without_connection_call_nothing"
    ],
    "folders in place of files": [f"{OWN}::test_folders_are_no_models"],
}


def test_every_report_has_tests():
    for report, names in TESTS_BY_REPORT.items():
        for name in names:
            file, _, test = name.partition("::")
            tree = ast.parse((TESTS / file).read_text("utf-8"))
            functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            assert test in functions, f"{report}: {name}"


def test_the_guide_lists_every_report():
    page = (TESTS.parent / "docs" / "guides" / "security.md").read_text("utf-8")
    assert [report for report in TESTS_BY_REPORT if report.split(":")[0] not in page] == []


@pytest.fixture
def trap(tmp_path):
    """Bytecode that would create a file, and a check that it did not."""
    target = tmp_path / "ran"

    source = f"open({str(target)!r}, 'w').close()"
    code = compile(source, "x", "exec")
    yield base64.b64encode(marshal.dumps(code)).decode()
    assert not target.exists()


def lambda_config(code):
    function = {"class_name": "__lambda__", "config": {"code": code, "defaults": None}}
    config = {"name": "f", "function": function}
    return {"module": "keras.layers", "class_name": "Lambda", "config": config}


@pytest.mark.parametrize("safe_mode", [True, None, 0])
def test_no_way_in_runs_bytecode(trap, safe_mode):
    config = lambda_config(trap)
    begin = {
        "class_name": "InputLayer",
        "module": "keras.layers",
        "config": {"batch_shape": [2, 3]},
    }
    sequential = {"name": "s", "layers": [begin, config]}
    whole = {"module": "keras", "class_name": "Sequential", "config": sequential}
    ways = [
        lambda: layers.Lambda.from_config(config["config"]),
        lambda: layers.deserialize(config),
        lambda: torchkeras.Sequential.from_config(sequential),
        lambda: torchkeras.models.model_from_json(json.dumps(whole)),
        lambda: torchkeras.saving.deserialize_keras_object(whole, safe_mode=safe_mode),
        lambda: layers.TimeDistributed.from_config({"layer": config}),
    ]
    for way in ways:
        with pytest.raises((ValueError, TypeError), match=r"code|function"):
            way()


def test_cloning_goes_through_no_bytecode():
    model = torchkeras.Sequential([torchkeras.Input((3,)), layers.Lambda(abs, name="f")])
    assert torchkeras.models.clone_model(model).layers[0].function is abs


def test_yaml_makes_no_objects():
    for text in (
        "!!python/object/apply:os.system ['false']",
        "class_name: Sequential\nconfig: !!python/object/new:os.system ['false']",
        "!!python/name:os.system",
        "!!python/module:os",
        "&a [*a, *a]",
    ):
        with pytest.raises(ValueError, match=r"yaml_string"):
            torchkeras.models.model_from_yaml(text)


@pytest.mark.parametrize("name", ["..", "../../x", "/tmp/x", ".", "a\\..\\b", "C:"])
@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5"])
def test_names_of_layers_are_no_paths(tmp_path, name, ending):
    """What a layer is called never becomes a place outside of the file, written or read."""
    inner = tmp_path / "inner"
    inner.mkdir()
    path = inner / f"m{ending}"
    try:
        lookup = layers.IntegerLookup(vocabulary=[3, 5], name=name)
        model = torchkeras.Sequential([torchkeras.Input((1,), dtype="int64"), lookup])
        if ending == ".weights.h5":
            model.save_weights(path)
            model.load_weights(path)
        else:
            model.save(path)
            assert torchkeras.saving.load_model(path).layers[0].name == name
    except ValueError as error:
        assert "name" in str(error)  # noqa: PT017 - some names are refused
    assert [each.name for each in tmp_path.iterdir()] == ["inner"]
    assert {each.name for each in inner.iterdir()} <= {path.name}


class Greedy(layers.Layer):
    """A layer of a user that reads all that its part of a file has."""

    def save_own_variables(self, store):
        store["0"] = np.zeros(1, "float32")

    def load_own_variables(self, store):
        self.found = [store[name] for name in store]

    def call(self, inputs):
        return inputs


def test_many_arrays_in_one_hook(tmp_path):
    model = torchkeras.Sequential([torchkeras.Input((3,)), Greedy(name="greedy")])
    path = tmp_path / "m.weights.h5"
    model.save_weights(path)
    with h5py.File(path, "a") as file:
        (place,) = [name for name in groups(file) if name.endswith("greedy/vars")]
        for index in range(1, 40):  # each of them 32 MiB of zeros, which pack into nothing
            file[place].create_dataset(
                str(index), (1 << 25,), "u1", chunks=(1 << 20,), compression="gzip"
            )
    with pytest.raises(ValueError, match=r"claim|together"):
        model.load_weights(path)


def groups(file):
    names = []
    file.visit(names.append)
    return names


@pytest.mark.parametrize("read", [read_npz, read_ragged_npz])
def test_data_sets_of_strangers_are_not_unpacked(tmp_path, read):
    """A file is only looked into if its hash is right, whatever it is called."""
    path = tmp_path / "mnist.npz"
    np.savez_compressed(path, x=np.zeros(1 << 24, "u1"))
    with pytest.raises(WrongFileError, match=r"mnist\.npz"):
        read(path, "0" * 64, ("x",))


def test_checkpoints_name_no_callables(tmp_path, trap):
    """Backups are files of models, read as those of strangers are."""
    path = tmp_path / "m.keras"
    whole = torchkeras.Sequential([torchkeras.Input((3,)), layers.Dense(2)])
    whole.compile("adam", "mse")
    for key in ("optimizer", "loss", "metrics"):
        whole.save(path)
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        config = json.loads(members["config.json"])
        config["compile_config"][key] = lambda_config(trap)
        members["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        with pytest.raises((ValueError, TypeError), match=r"code|Lambda"):
            torchkeras.saving.load_model(path)


@torchkeras.saving.register_keras_serializable(package="hostile", name="Dense")
class Impostor(layers.Layer):
    def call(self, inputs):
        return inputs


def named(registered):
    return {
        "module": "keras.layers",
        "class_name": "Dense",
        "config": layers.Dense(2, name="d").get_config(),
        "registered_name": registered,
    }


def test_a_file_cannot_choose_what_a_name_means():
    """A class that a program has registered under a package is not taken for the built-in one."""
    for registered in (None, "Dense"):
        assert type(layers.deserialize(named(registered))) is layers.Dense
    with pytest.raises(ValueError, match="not registered here"):
        layers.deserialize(named("Custom>Dense"))


@pytest.mark.parametrize(
    ("module", "name"),
    [("keras.utils", "get_file"), ("os", "system"), ("keras.models", "load_model")],
)
@pytest.mark.parametrize("kind", ["function", "class", "operation"])
def test_nodes_without_connection_call_nothing(tmp_path, module, name, kind):
    x = torchkeras.Input((3,), name="x")
    model = torchkeras.Model(x, layers.Dense(2, name="d")(x))
    whole = json.loads(model.to_json())
    class_name = name if kind != "function" else "function"
    node = {"args": [str(tmp_path / "ran")], "kwargs": {}}
    entry = {
        "module": module,
        "class_name": class_name,
        "config": name if kind == "function" else {"name": "alone"},
        "registered_name": name,
        "name": "alone",
        "inbound_nodes": [node] if kind != "class" else [],
    }
    whole["config"]["layers"].append(entry)
    with pytest.raises((ValueError, TypeError), match=f"{name}|describes no|neither"):
        torchkeras.models.model_from_json(json.dumps(whole))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_folders_are_no_models(tmp_path, ending):
    folder = tmp_path / f"m{ending}"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    with pytest.raises((FileNotFoundError, ValueError), match=r"not found|folder"):
        torchkeras.saving.load_model(folder)
