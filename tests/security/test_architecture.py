"""Hostile architectures as text: refused with the reason, quickly, and nothing runs."""

import pytest

import torchkeras
from torchkeras import ops
from torchkeras.models import model_from_json, model_from_yaml

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
TAGS = [
    "!!python/object/apply:os.system ['touch ran']",
    "!!python/object/new:os.system ['touch ran']",
    "!!python/name:os.system",
    "!!python/module:os",
    "!!python/object:os.system {}",
    "{class_name: Sequential, config: !!python/object/apply:eval ['1']}",
    "!custom {class_name: Sequential}",
]


@pytest.mark.parametrize("text", TAGS)
def test_tags_make_no_objects(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"no plain YAML.*could not determine a constructor"):
        model_from_yaml(text)
    (tmp_path / "m.yaml").write_text(text)
    with pytest.raises(ValueError, match="no plain YAML"):
        torchkeras.saving.load_model(tmp_path / "m.yaml", safe_mode=False)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMB, "too large once its references"),
        ("&a [*a]", "refers to itself"),
        ("[" * 500, "no plain YAML|too deep"),
        ("[" * 150_000, "no plain YAML|too deep"),
        ("[" * 300 + "]" * 300, "too deep"),
        ("a: 1\n---\nb: 2", "no plain YAML"),
        ("\0", "no plain YAML"),
        ("a: 2020-13-45", "no plain YAML"),
        ("a: !!timestamp x", "no plain YAML"),
        ("a: !!int null", "no plain YAML"),
        ("", "does not describe a model"),
        ("- 1", "does not describe a model"),
        ("{class_name: Sequential, config: {layers: 3}}", "damaged|cannot be used"),
        ("x" * (1 << 24) + "x", "too long"),
        ("a: 1" + ":1" * 10_000, "number of 20001 characters"),
        ("a: !!int 1" + ":1" * 10_000, "number of 20001 characters"),
        ("a: 0x" + "f" * 10_000, "number of 10002 characters"),
        ("{2305843009213693951: 0, 4611686018427387902: 0}", "number of 19 characters"),
    ],
)
def test_yaml_without_measure(text, reason):
    with pytest.raises((ValueError, TypeError), match=reason):
        model_from_yaml(text)


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "\udcff", "3", '{"class_name": []}'])
def test_json_without_sense(text):
    with pytest.raises((ValueError, TypeError), match=r"json_string"):
        model_from_json(text)


def test_nothing_is_found_by_its_path(tmp_path):
    text = '{"class_name": "system", "module": "os", "config": {"command": "touch ran"}}'
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(TypeError, match="neither a public class"):
        torchkeras.saving.load_model(tmp_path / "m.json", safe_mode=False)


def test_memory_cannot_be_asked_for(tmp_path):
    model = torchkeras.Sequential([torchkeras.Input((4,)), torchkeras.layers.Dense(7)])
    text = model.to_json().replace('"units": 7', '"units": 7000000000')
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(ValueError, match="bytes"):
        torchkeras.saving.load_model(tmp_path / "m.json")


TEXT = '{"class_name": "Sequential", "module": "keras", "config": {"layers": [%s, %s]}}'
INPUT = '{"class_name": "InputLayer", "module": "keras.layers", "config": {"batch_shape": [2, %s]}}'
LAYER = '{"class_name": "%s", "module": "keras.layers", "config": {%s}}'
INDICES = '"indices_or_sections": 1000000'
LOOKUP = '"vocabulary": [1, 2], "num_oov_indices": 1000000000000000'


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("Dense", '"units": 1000000000000000'),
        ("Embedding", '"input_dim": 1000000000000000, "output_dim": 1'),
        ("MelSpectrogram", '"num_mel_bins": 100000000, "fft_length": 100000000'),
        ("IntegerLookup", LOOKUP),
        ("TextVectorization", '"ngrams": 1000000000000000'),
    ],
)
@pytest.mark.parametrize("read", [model_from_json, model_from_yaml])
def test_texts_cannot_ask_for_more_than_the_machine_has(read, kind, config):
    with pytest.raises(ValueError, match=r"than this machine has|can't allocate memory"):
        read(TEXT % (INPUT % 4, LAYER % (kind, config)))


@pytest.mark.parametrize("axes", [65, 2000])
def test_tensors_of_many_axes(axes):
    with pytest.raises(ValueError, match=f"at most 64 axes.*{axes + 1} axes"):
        model_from_json(TEXT % (INPUT % ", ".join("1" * axes), LAYER % ("Dense", '"units": 3')))


@pytest.mark.parametrize(
    ("cut", "changed"),
    [
        (lambda x: ops.split(x, 2, axis=1), ("[null, 4]", "[null, 1000000]")),
        (lambda x: ops.unstack(x, axis=1), ("[null, 4]", "[null, 1000000]")),
        (lambda x: ops.unstack(x, num=4, axis=1), ('"num": 4', '"num": 1000000')),
    ],
)
def test_tensors_of_many_pieces(cut, changed):
    x = torchkeras.Input((4,))
    text = torchkeras.Model(x, cut(x)).to_json()
    hostile = text.replace(*changed).replace('"indices_or_sections": 2', INDICES)
    assert hostile != text
    with pytest.raises(ValueError, match="1,000,000 pieces; at most 65,536"):
        model_from_json(hostile)
