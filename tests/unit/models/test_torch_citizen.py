"""Models are ordinary torch modules for whatever torch does with modules."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune
from torch.utils._sympy.numbers import int_oo

import torchkeras
from tests import oracle
from tests.cases.models import BUILDERS, inputs
from tests.torch_versions import not_on_the_oldest_torch
from torchkeras import layers, tree

X = torch.tensor(np.random.default_rng(0).uniform(-1, 1, (2, 4)).astype("float32"))


def tensors(case, batch=2):
    return tree.map_structure(torch.tensor, inputs(case, batch))


def tensors_of(variables):
    return {id(part) for v in variables for part in getattr(v, "parameters", (v,))}


def dense_model():
    return torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3), layers.Dense(2)])


# state_dict


def test_state_dict_is_exchanged_strictly(case, model):
    other = BUILDERS[case](torchkeras)
    other.load_state_dict(model.state_dict(), strict=True)
    oracle.assert_same_outputs(other(inputs(case)), model(inputs(case)), 0)


def test_state_dict_has_each_tensor_once(model):
    state = model.state_dict()
    assert len({value.data_ptr() for value in state.values()}) == len(state)


def test_state_dict_holds_all_variables(model):
    held = {value.data_ptr() for value in model.state_dict().values()}
    assert {part.data_ptr() for v in model.weights for part in v.parameters} <= held


def test_missing_and_unknown_names_are_refused():
    state = dense_model().state_dict()
    state.pop("dense.linear.bias", None)
    with pytest.raises(RuntimeError, match=r"Missing|Unexpected"):
        dense_model().load_state_dict({**state, "x": torch.ones(1)})


def test_loaded_values_show_in_keras_shape():
    model = dense_model()
    name = next(key for key in model.state_dict() if key.endswith("weight"))
    model.load_state_dict({**model.state_dict(), name: torch.arange(12.0).reshape(3, 4)})
    np.testing.assert_array_equal(model.weights[0].numpy(), np.arange(12.0).reshape(3, 4).T)


# Parameters, devices, dtypes


def test_parameters_are_those_of_the_stock_modules():
    model = dense_model()
    assert model.layers[0].linear.weight.shape == (3, 4)
    assert all(type(parameter) is nn.Parameter for parameter in model.parameters())


def test_to_changes_the_dtype_of_everything(case, model):
    model.to(torch.float64)
    floats = [value for value in model.state_dict().values() if value.is_floating_point()]
    assert all(value.dtype == torch.float64 for value in floats)
    assert all(leaf.dtype == torch.float64 for leaf in tree.flatten(model(inputs(case))))


def test_to_the_meta_device_and_back():
    model = dense_model().to("meta").to_empty(device="cpu")
    assert model(X).shape == (2, 2)


def test_train_and_eval_reach_every_module(model):
    model.train()
    assert all(module.training for module in model.modules())
    model.eval()
    assert not any(module.training for module in model.modules())


def test_requires_grad_is_the_trainable_flag(model):
    flags = {id(part): v.trainable for v in model.weights for part in v.parameters}
    assert all(flags[id(p)] == p.requires_grad for p in model.parameters() if id(p) in flags)


def test_plain_torch_training_loop():
    model = dense_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(X), torch.ones(2, 2))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_clip_and_parameter_vector():
    model = dense_model()
    model(X).sum().backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.1)
    vector = nn.utils.parameters_to_vector(model.parameters())
    nn.utils.vector_to_parameters(torch.zeros_like(vector), model.parameters())
    assert not model(X).any()


# Hooks


def test_forward_hooks_on_layers_and_stock_modules():
    model = dense_model()
    model(X)
    seen = []
    model.layers[0].register_forward_hook(lambda module, args, output: seen.append("layer"))
    model.layers[0].linear.register_forward_hook(lambda module, args, output: seen.append("stock"))
    model.register_forward_pre_hook(lambda module, args: seen.append("model"))
    model(X)
    assert seen == ["model", "stock", "layer"]


def test_hooks_may_change_outputs():
    model = dense_model()
    model.layers[-1].register_forward_hook(lambda module, args, output: output * 0)
    assert not model(X).any()


def test_backward_hooks():
    model, seen = dense_model(), []
    model.layers[0].register_full_backward_hook(lambda module, gi, go: seen.append(go[0].shape))
    model(X.clone().requires_grad_(True)).sum().backward()
    assert seen == [(2, 3)]


def test_hooks_do_not_see_symbols():
    seen = []
    layer = layers.Dense(2)
    layer.register_forward_hook(lambda module, args, output: seen.append(output))
    torchkeras.Model(x := torchkeras.Input((4,)), layer(x))
    assert all(torchkeras.utils.is_keras_tensor(value) for value in seen)


# torch.func


def test_functional_call(case, model):
    zeros = {name: torch.zeros_like(value) for name, value in model.named_parameters()}
    found = torch.func.functional_call(model, zeros, (tensors(case),))
    for variable in model.weights:
        if variable.born_trainable:
            variable.assign(np.zeros(variable.shape))
    oracle.assert_same_outputs(found, model(tensors(case)), 1e-6)


def test_per_sample_gradients():
    model = dense_model()
    model(X)
    parameters = dict(model.named_parameters())

    def loss(parameters, x):
        return torch.func.functional_call(model, parameters, (x[None],)).sum()

    grads = torch.func.vmap(torch.func.grad(loss), (None, 0))(parameters, X)
    model(X).sum().backward()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(grads[name].sum(0), parameter.grad)


def test_jacobian():
    model = dense_model()
    model(X)
    assert torch.func.jacrev(model)(X).shape == (2, 2, 2, 4)


# parametrize


class Doubled(nn.Module):
    def forward(self, weight):
        return 2 * weight

    def right_inverse(self, weight):
        return weight / 2


def test_parametrize_the_stock_module():
    model = dense_model()
    expected = model(X)
    dense = model.layers[0]
    parametrize.register_parametrization(dense.linear, "weight", Doubled())
    torch.testing.assert_close(model(X), expected)
    assert dense.kernel.shape == (4, 3)
    torch.testing.assert_close(dense.kernel.value.T, dense.linear.weight)
    assert len(model.get_weights()) == 4
    assert any("original" in name for name in model.state_dict())
    model(X).sum().backward()
    assert dense.linear.parametrizations.weight.original.grad is not None


def test_parametrized_kernel_is_assigned_through():
    dense = layers.Dense(3)
    dense(X)
    parametrize.register_parametrization(dense.linear, "weight", Doubled())
    dense.kernel.assign(np.ones((4, 3)))
    np.testing.assert_allclose(dense.kernel.numpy(), np.ones((4, 3)))
    np.testing.assert_allclose(dense.linear.weight.detach().numpy(), np.ones((3, 4)))


def test_weight_norm():
    model = dense_model()
    expected = model(X)
    parametrizations.weight_norm(model.layers[0].linear)
    torch.testing.assert_close(model(X), expected)


def test_parametrization_comes_off():
    model = dense_model()
    expected = model(X)
    linear = model.layers[0].linear
    parametrize.register_parametrization(linear, "weight", Doubled())
    parametrize.remove_parametrizations(linear, "weight")
    torch.testing.assert_close(model(X), expected)
    assert model.layers[0].kernel.shape == (4, 3)


def test_stock_module_replaced():
    """What LoRA adapters and quantizers do: another module in the place of `linear`."""
    model = dense_model()
    model(X)
    model.layers[0].linear = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 3))
    assert model(X).shape == (2, 2)
    assert len(model.weights) == 4 + 2
    assert tensors_of(model.weights) == tensors_of(model.parameters())


def test_stock_module_replaced_by_its_like():
    model = dense_model()
    model.layers[1].linear = nn.Linear(3, 7)
    assert model.layers[1].kernel.shape == (3, 7)
    assert [v.name for v in model.layers[1].weights] == ["kernel", "bias"]


def test_wrapped_stock_module_keeps_its_variables():
    model = dense_model()
    model.layers[0].linear = nn.Sequential(model.layers[0].linear, nn.Linear(3, 3))
    names = ["kernel", "bias", "weight", "bias"]
    assert [v.name for v in model.layers[0].weights] == names
    assert tensors_of(model.weights) == tensors_of(model.parameters())


PARAMETRIZATIONS = {
    "weight norm": parametrizations.weight_norm,
    "spectral norm": parametrizations.spectral_norm,
    "orthogonal": parametrizations.orthogonal,
    "doubled": lambda linear: parametrize.register_parametrization(linear, "weight", Doubled()),
    "pruned": lambda linear: prune.l1_unstructured(linear, "weight", amount=0.5),
}


@pytest.mark.parametrize("change", PARAMETRIZATIONS.values(), ids=PARAMETRIZATIONS)
def test_fit_trains_what_a_kernel_is_computed_from(change):
    model = dense_model()
    change(model.layers[0].linear)
    assert tensors_of(model.trainable_variables) == tensors_of(model.parameters())
    before = {name: value.clone() for name, value in model.named_parameters()}
    model.compile("sgd", "mse")
    model.fit(X, torch.ones(2, 2), verbose=0)
    still = [name for name, value in model.named_parameters() if torch.equal(before[name], value)]
    assert not still


def test_pruned_weights_stay_zero():
    model = dense_model()
    prune.l1_unstructured(model.layers[0].linear, "weight", amount=0.5)
    model.compile("adam", "mse")
    model.fit(X, torch.ones(2, 2), epochs=3, verbose=0)
    assert int((model.layers[0].kernel.numpy() == 0).sum()) == 6


# Freezing


def test_what_torch_freezes_is_not_trainable():
    model = dense_model()
    model.layers[0].linear.requires_grad_(False)
    assert [v.name for v in model.non_trainable_variables] == ["kernel", "bias"]
    assert model.trainable_variables == model.layers[1].variables
    model.compile("adam", "mse")
    before = model.layers[0].get_weights()
    model.fit(X, torch.ones(2, 2), verbose=0)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], before[0])


def test_what_torch_thaws_is_trainable():
    model = dense_model()
    model.layers[0].trainable = False
    model.layers[0].linear.weight.requires_grad_(True)
    assert model.layers[0].kernel.trainable
    assert not model.layers[0].bias.trainable


# Averaged weights


def test_update_bn_gives_the_mean_over_batches():
    layer = layers.BatchNormalization(epsilon=0.0)
    model = torchkeras.Sequential([torchkeras.Input((4,)), layer])
    batches = torch.randn(3, 8, 4, generator=torch.Generator().manual_seed(0))
    averaged = torch.optim.swa_utils.AveragedModel(model)
    torch.optim.swa_utils.update_bn(list(batches), averaged)
    found = averaged.module.layers[0].moving_mean.value
    torch.testing.assert_close(found, batches.mean((0, 1)))
    assert "num_batches_tracked" not in "".join(averaged.state_dict())


def test_momentum_set_on_the_torch_module_counts():
    layer = layers.BatchNormalization()
    layer.build((None, 4))
    layer.norm.momentum = 1.0
    layer(X, training=True)
    torch.testing.assert_close(layer.moving_mean.value, X.mean(0))


def test_momentum_set_on_the_layer_counts():
    layer = layers.BatchNormalization()
    layer.build((None, 4))
    layer.momentum = 0.0
    layer(X, training=True)
    torch.testing.assert_close(layer.moving_mean.value, X.mean(0))
    assert layer.get_config()["momentum"] == 0.0


# Compilers


def test_compile_in_one_graph(case, model):
    torch._dynamo.reset()
    expected = model(tensors(case))
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    oracle.assert_same_outputs(compiled(tensors(case)), expected, 1e-6)


def test_compile_before_the_first_call():
    torch._dynamo.reset()
    model = dense_model()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(X), model(X))


def test_compiled_gradients():
    torch._dynamo.reset()
    model = dense_model()
    torch.compile(model, fullgraph=True, backend="eager")(X).sum().backward()
    found = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    model(X).sum().backward()
    for ours, expected in zip(found, model.parameters(), strict=True):
        torch.testing.assert_close(ours, expected.grad)


@pytest.mark.parametrize("strict", [False, True], ids=["loose", "strict"])
def test_export_with_a_dynamic_batch(case, model, strict):
    if strict and case not in ("mlp", "branches", "text"):
        pytest.skip("one model of a kind is enough for the slow way")
    model.eval()
    example = tensors(case)
    batch = torch.export.Dim("batch", min=1)
    shapes = {"inputs": tree.map_structure(lambda x: {0: batch}, example)}
    program = torch.export.export(model, (example,), dynamic_shapes=shapes, strict=strict)
    found = program.module()(tensors(case, 5))
    oracle.assert_same_outputs(found, model(tensors(case, 5)), 1e-6)


def tutorial_nets():
    """Nets with the layers of tutorials, large enough for every short cut there is."""
    dense, conv = layers.Dense, layers.Conv2D
    attention = layers.MultiHeadAttention(2, 8)
    tokens = torchkeras.Input((12,), dtype="int64")
    embedded = layers.Embedding(9, 16)(tokens)
    attended = layers.LayerNormalization()(embedded + attention(embedded, embedded))
    pooled = layers.GlobalAveragePooling1D()(attended)
    return {
        "perceptron": ((8,), [dense(64, "relu"), layers.Dropout(0.5), dense(3, "softmax")]),
        "convnet": (
            (12, 12, 3),
            [conv(16, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(), dense(3)],
        ),
        "normalized": (
            (12, 12, 3),
            [conv(16, 3), layers.BatchNormalization(), layers.ReLU(), layers.Flatten()],
        ),
        "lstm": ((12, 4), [layers.LSTM(8, return_sequences=True), layers.LSTM(8), dense(3)]),
        "gru": ((12, 4), [layers.Bidirectional(layers.GRU(16)), dense(3, "relu")]),
        "simple": ((12, 4), [layers.SimpleRNN(16), dense(3, "relu")]),
        "transformer": torchkeras.Model(tokens, dense(64, "relu")(pooled)),
    }


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("name", tutorial_nets())
def test_an_exported_batch_has_no_limit(name, training):
    model, shape, dtype = tutorial_nets()[name], (12,), torch.int64
    if isinstance(model, tuple):
        shape, parts = model
        model, dtype = torchkeras.Sequential([torchkeras.Input(shape), *parts]), torch.float32
    example = torch.ones(2, *shape, dtype=dtype)
    shapes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(model.train(training), (example,), dynamic_shapes=shapes)
    (sizes,) = program.range_constraints.values()
    assert sizes.upper == int_oo
    assert len(program.module()(torch.ones(5_000, *shape, dtype=dtype))) == 5_000


@not_on_the_oldest_torch
def test_exported_program_is_saved_and_loaded(tmp_path):
    model = dense_model().eval()
    program = torch.export.export(model, (X,))
    torch.export.save(program, tmp_path / "model.pt2")
    loaded = torch.export.load(tmp_path / "model.pt2")
    torch.testing.assert_close(loaded.module()(X), model(X))


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:FutureWarning")
@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("called", [False, True], ids=["new", "called"])
def test_jit_trace(called):
    model = dense_model().eval()
    if called:
        model(X)
    traced = torch.jit.trace(model, X)
    torch.testing.assert_close(traced(X), model(X))


# Autocast, checkpoints, data parallel


def test_autocast():
    model = dense_model()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model(X).dtype == torch.bfloat16


def test_checkpointing():
    model = dense_model()
    x = X.clone().requires_grad_(True)
    torch.utils.checkpoint.checkpoint(model, x, use_reentrant=False).sum().backward()
    assert model.layers[0].linear.weight.grad is not None


def test_inference_mode():
    model = dense_model()
    with torch.inference_mode():
        assert model(X).shape == (2, 2)
    model(X).sum().backward()


def test_built_under_inference_mode_it_can_still_be_trained():
    model = torchkeras.Sequential([layers.Dense(2)])
    with torch.inference_mode():
        model(X)
    model(X).sum().backward()
    assert model.layers[0].linear.weight.grad is not None


def test_named_modules_show_the_structure():
    names = dict(dense_model().named_modules())
    assert isinstance(names["dense.linear"], nn.Linear)


def test_flop_counter_sees_the_products():
    from torch.utils.flop_counter import FlopCounterMode

    model = dense_model()
    with FlopCounterMode(display=False) as counter:
        model(X)
    assert counter.get_total_flops() == 2 * 2 * (4 * 3 + 3 * 2)
