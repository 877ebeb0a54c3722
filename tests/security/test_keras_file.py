"""Hostile `.keras` files: refused with the reason; nothing runs, nothing outside is touched."""

import base64
import io
import json
import marshal
import pickle
import stat
import struct
import zipfile

import numpy as np
import pytest

import torchkeras
from torchkeras import layers

X = np.ones((2, 4), "float32")


def functional():
    x = torchkeras.Input((4,), name="start")
    return torchkeras.Model(x, layers.Dense(3, name="dense")(x))


@pytest.fixture
def path(tmp_path):
    functional().save(tmp_path / "m.keras")
    return tmp_path / "m.keras"


@pytest.fixture
def trap(tmp_path):
    """A path that hostile code would create, and the code."""
    target = tmp_path / "ran"
    yield target, f"open({str(target)!r}, 'w').close()"
    assert not target.exists()


def members(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def write(path, contents, packing=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", packing) as file:
        for name, content in contents.items():
            file.writestr(name, content)


def changed(path, change):
    """Change the config of a file."""
    contents = members(path)
    config = json.loads(contents["config.json"])
    changed = change(config)
    contents["config.json"] = json.dumps(config if changed is None else changed)
    write(path, contents)


def refused(path, reason, error=(ValueError, TypeError)):
    with pytest.raises(error, match=reason):
        torchkeras.saving.load_model(path)
    with pytest.raises(error, match=reason):
        torchkeras.saving.load_model(path, safe_mode=False)


def dense(config):
    return config["config"]["layers"][1]


# Code in configs


def test_lambda_bytecode_is_never_run(path, trap):
    code = base64.b64encode(marshal.dumps(compile(trap[1], "x", "exec"))).decode()

    def change(config):
        inner = {"code": code, "defaults": None, "closure": None}
        function = {"class_name": "__lambda__", "config": inner}
        dense(config).update(class_name="Lambda", module="keras.layers")
        dense(config)["config"] = {"name": "dense", "function": function}

    changed(path, change)
    with pytest.raises(ValueError, match="is Python bytecode"):
        torchkeras.saving.load_model(path)


def test_a_config_cannot_switch_safe_mode_off(path, trap):
    def change(config):
        return {
            "module": "keras.config",
            "class_name": "function",
            "config": "enable_unsafe_deserialization",
            "registered_name": "enable_unsafe_deserialization",
        }

    changed(path, change)
    refused(path, "neither a public class")
    assert torchkeras._base.switches.in_safe_mode(True)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("subprocess", "Popen"),
        ("torch", "load"),
        ("torch.hub", "load"),
        ("keras.utils", "get_file"),
        ("keras.models", "load_model"),
        ("keras.models", "save_model"),
        ("keras.saving", "load_weights"),
        ("keras.dtype_policies", "set_dtype_policy"),
        ("keras.layers", "deserialize"),
        ("torchkeras._base.registry", "register_keras_serializable"),
        ("torchkeras.saving.keras_file", "load"),
    ],
)
@pytest.mark.parametrize("place", ["layer", "activation", "class", "model", "step"])
def test_nothing_is_found_by_its_path(path, module, name, place):
    function = {"module": module, "class_name": "function", "config": name, "registered_name": name}

    def change(config):
        if place == "layer":
            dense(config).update(function)
        elif place == "activation":
            dense(config)["config"]["activation"] = function
        elif place == "class":
            dense(config).update(module=module, class_name=name, registered_name=None)
        elif place == "step":
            dense(config).update(module=module, class_name=name, registered_name=name)
            dense(config)["config"] = {"name": "dense"}
        else:
            return {"module": module, "class_name": name, "config": {}, "registered_name": name}
        return None

    changed(path, change)
    refused(path, "neither a public class|no torch function|describes no|no `from_config`")


def test_activation_by_a_name_alone(path):
    for name in ("load_model", "os.system", "__import__", "get"):

        def change(config, name=name):
            dense(config)["config"]["activation"] = name

        changed(path, change)
        refused(path, name)


class Bomb:
    def __init__(self, code):
        self.code = code

    def __reduce__(self):
        return (exec, (self.code,))


def test_pickled_modules_are_refused(path, trap):
    packed = base64.b64encode(pickle.dumps(Bomb(trap[1]))).decode()

    def change(config):
        dense(config).update(class_name="TorchModuleWrapper", module="keras.layers")
        dense(config)["config"] = {"name": "dense", "module": packed}

    changed(path, change)
    refused(path, "module")


@pytest.mark.parametrize("name", ["TFSMLayer", "JaxLayer", "FlaxLayer"])
def test_layers_of_other_programs_are_refused(path, name):
    def change(config):
        dense(config).update(class_name=name, module="keras.layers")
        dense(config)["config"] = {"name": "dense", "filepath": "/etc", "call_endpoint": "x"}

    changed(path, change)
    refused(path, "torch|made from its config")


# Code is generated from configs


EVIL = (
    "a); {code}; (b",
    "a\n    {code}\n    b",
    "a'\"; {code}  #",
    "self.x = {code}",
    "__import__('os')",
    "class",
    "import",
    "self",
    "torch",
    "forward",
    "..",
    "/etc/passwd",
)


@pytest.mark.parametrize("evil", EVIL)
def test_names_of_layers_are_no_code(path, trap, evil):
    name = evil.replace("{code}", trap[1])
    text = json.dumps(name)[1:-1]
    contents = members(path)
    for old in (b'"dense"', b'"start"'):
        changed_text = contents["config.json"].replace(old, b'"' + text.encode() + b'"')
        write(path, {**contents, "config.json": changed_text})
        try:
            model = torchkeras.saving.load_model(path)
        except ValueError as error:
            assert "name" in str(error)  # noqa: PT017
        else:
            assert model(X).shape == (2, 3)


class Open(layers.Layer):
    def call(self, inputs, **kwargs):
        return inputs


@pytest.mark.parametrize("evil", EVIL[:5])
def test_names_of_arguments_are_no_code(tmp_path, trap, evil):
    x = torchkeras.Input((4,))
    torchkeras.Model(x, Open(name="dense")(x)).save(tmp_path / "m.keras")

    def change(config):
        dense(config)["inbound_nodes"][0]["kwargs"] = {evil.replace("{code}", trap[1]): 1}

    changed(tmp_path / "m.keras", change)

    def run():
        torchkeras.saving.load_model(tmp_path / "m.keras", custom_objects={"Open": Open})(X)

    with pytest.raises(ValueError, match="no name"):
        run()


@pytest.mark.parametrize("evil", EVIL[:5])
def test_values_of_arguments_are_no_code(tmp_path, trap, evil):
    x = torchkeras.Input((4,))
    torchkeras.Model(x, Open(name="dense")(x)).save(tmp_path / "m.keras")
    value = evil.replace("{code}", trap[1])

    def change(config):
        dense(config)["inbound_nodes"][0]["kwargs"] = {"a": value, "b": {value: [value]}}

    changed(tmp_path / "m.keras", change)
    model = torchkeras.saving.load_model(tmp_path / "m.keras", custom_objects={"Open": Open})
    assert model(X).shape == (2, 4)


# Memory


@pytest.mark.parametrize("units", [10**8, 10**12, 10**18])
def test_configs_cannot_ask_for_memory(path, units):
    def change(config):
        dense(config)["config"]["units"] = units

    changed(path, change)
    refused(path, "memory|bytes|overflow")


TABLES = {
    "MelSpectrogram": {"num_mel_bins": 10**4, "fft_length": 10**5},
    "IntegerLookup": {"num_oov_indices": 10**8, "vocabulary": [1]},
    "StringLookup": {"max_tokens": 10**8, "pad_to_max_tokens": True, "vocabulary": ["a"]},
    "TextVectorization": {"ngrams": 10**8, "vocabulary": ["a"]},
}


@pytest.mark.parametrize("name", TABLES)
def test_configs_cannot_ask_for_tables(path, name):
    """What layers make of their config alone counts as weights do."""

    def change(config):
        dense(config).update(class_name=name, config=TABLES[name], module="keras.layers")

    changed(path, change)
    refused(path, r"asks for more than \d+ bytes, which is far more than the file holds")


def test_deep_configs(path):
    contents = members(path)
    deep = '{"class_name": "Sequential", "config": ' + '{"layers": [' * 50000
    write(path, {**contents, "config.json": deep})
    refused(path, "JSON")
    step = '{"class_name": "Sequential", "config": {"name": "s", "layers": ['
    write(path, {**contents, "config.json": step * 280 + "]}}" * 280})
    refused(path, "nested too deeply|JSON")


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_packed_bombs(path, name):
    write(path, {**members(path), name: b" " * (1 << 25)}, zipfile.ZIP_DEFLATED)
    refused(path, "claims")


def test_too_many_members(path):
    write(path, members(path) | {f"assets/{i}": b"" for i in range(10_001)})
    refused(path, "members")


# Archives


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "assets/../../evil", "C:\\evil", "a\\..\\b", "a//b", "./x"]
)
def test_names_of_members_stay_inside(path, name):
    write(path, members(path) | {name: b"x"})
    refused(path, "leads out")


def test_links(path):
    contents = members(path)
    link = zipfile.ZipInfo("model.weights.h5")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    del contents["model.weights.h5"]
    write(path, contents)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(link, "/etc/passwd")
    refused(path, "link")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_configs(path):
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("config.json", "{}")
    refused(path, "two members")


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_missing_members(path, name):
    contents = members(path)
    del contents[name]
    write(path, contents)
    refused(path, name)


def test_damaged_weights(path):
    data = bytearray(path.read_bytes())
    weights = members(path)["model.weights.h5"]
    at = data.index(weights[:64]) + len(weights) // 2
    data[at] ^= 0xFF
    path.write_bytes(data)
    refused(path, "CRC|whole")


@pytest.mark.parametrize("length", [0, 10, 500, 5000])
def test_cut_files(path, length):
    path.write_bytes(path.read_bytes()[:length])
    refused(path, "whole")


@pytest.mark.parametrize(
    "config", ["", "[]", "1", "{}", '{"class_name": 3, "config": {}}', '{"class_name": "Dense"}']
)
def test_configs_that_describe_nothing(path, config):
    write(path, {**members(path), "config.json": config})
    refused(path, "config")


@pytest.mark.parametrize("field", [8, 10, 24, 42])
def test_damaged_directories(path, field):
    """Fields of the directory of an archive: flags, packing, sizes, lengths, and where it lies."""
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02") + field
    data[at : at + 4] = b"\xfe\xff\xff\xff"
    path.write_bytes(data)
    refused(path, "whole|Refused")


def test_weights_are_read_with_care(path, tmp_path):
    import h5py

    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["kernel"] = np.full((4, 3), 7.0, "float32")
    contents = members(path)
    weights = io.BytesIO(contents["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "kernel")
    write(path, {**contents, "model.weights.h5": weights.getvalue()})
    refused(path, "link")


@pytest.mark.parametrize("place", ["layers", "layers/dense", "layers/dense/vars/0"])
@pytest.mark.parametrize("to", ["/nowhere", "/layers", "{place}"])
def test_links_that_lead_nowhere(path, place, to):
    import h5py

    contents = members(path)
    weights = io.BytesIO(contents["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        del file[place]
        file[place] = h5py.SoftLink(to.format(place=f"/{place}"))
    write(path, {**contents, "model.weights.h5": weights.getvalue()})
    refused(path, "link")


# Files of layers


@pytest.fixture
def lookup_path(tmp_path):
    layer = layers.StringLookup()
    layer.set_vocabulary(["a"])
    torchkeras.Sequential([torchkeras.Input((1,), dtype="string"), layer]).save(
        tmp_path / "l.keras"
    )
    return tmp_path / "l.keras"


VOCABULARY = "assets/layers/string_lookup/vocabulary.txt"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("assets/layers/string_lookup/../../../../ran", "leads out of it"),
        ("/ran", "leads out of it"),
        (VOCABULARY + "/ran", "cannot be a file"),
        (VOCABULARY.upper().replace("ASSETS", "assets/layers/../layers"), "leads out of it"),
    ],
)
def test_files_of_layers_stay_in_their_folder(lookup_path, trap, name, reason):
    write(lookup_path, {**members(lookup_path), name: b"x"})
    refused(lookup_path, reason)


def test_a_layer_cannot_point_at_the_files_of_another_place(lookup_path):
    def change(config):
        config["config"]["layers"][1]["config"]["name"] = "../ran"

    changed(lookup_path, change)
    refused(lookup_path, "without '/'")


def test_a_vocabulary_is_never_opened_by_its_path(lookup_path, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")

    def change(config):
        config["config"]["layers"][1]["config"]["vocabulary"] = str(tmp_path / "secret.txt")

    changed(lookup_path, change)
    refused(lookup_path, "names a vocabulary file|path|file")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\na", b"[UNK]\na\n[UNK]\n\0\na"])
def test_damaged_vocabularies(lookup_path, content):
    write(lookup_path, {**members(lookup_path), VOCABULARY: content})
    with pytest.raises(ValueError, match=r"vocabulary|utf-8"):
        torchkeras.saving.load_model(lookup_path)


def test_many_small_bombs(path):
    zeros = {f"assets/{index}": b"\0" * (1 << 22) for index in range(18)}
    write(path, {**members(path), **zeros}, zipfile.ZIP_DEFLATED)
    refused(path, "together")


def test_members_that_share_their_bytes(path):
    """Each of a thousand files of a layer is the same part of the archive."""
    big = b"x" * (1 << 20)
    write(path, members(path) | {"assets/0000": big})
    data = path.read_bytes()
    with zipfile.ZipFile(path) as file:
        start, count = file.start_dir, len(file.infolist())
    end = data.rindex(b"PK\x05\x06")
    entry = data[data.rindex(b"PK\x01\x02") : end]
    more = b"".join(entry.replace(b"0000", b"%04d" % index) for index in range(1, 1000))
    fields = struct.pack("<HHII", count + 999, count + 999, end - start + len(more), start)
    path.write_bytes(data[:end] + more + data[end : end + 8] + fields + data[end + 20 :])
    refused(path, "lie upon one another")


def test_packed_files_of_layers(path):
    """What packs twenty times as well as a vocabulary is none; the disk is not filled with it."""
    files = {f"assets/{index}": (b"%07d\n" % index) * (1 << 17) for index in range(9)}
    write(path, {**members(path), **files}, zipfile.ZIP_DEFLATED)
    refused(path, "files of layers claim 9437184 bytes together")


def test_texts_longer_than_their_file(path):
    text = members(path)["config.json"].decode()
    long = json.dumps({**json.loads(text), "x": [[]] * (1 << 22)})
    write(path, {**members(path), "config.json": long}, zipfile.ZIP_DEFLATED)
    refused(path, r"config\.json' claims \d+ bytes")
