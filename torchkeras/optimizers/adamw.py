"""`AdamW`."""

from typing import Any

from .adam import Adam
from .state import LearningRate


class AdamW(Adam):
    """Adam with decoupled weight decay, `w -= lr * weight_decay * w` before Adam's step.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        weight_decay: The share of each weight, times the learning rate, that a step takes away.
        beta_1: The weight of the past in the mean of the gradient.
        beta_2: The weight of the past in the mean of its square.
        epsilon: What is added to the root.
        amsgrad: Whether the variant AMSGrad is used.

    The other arguments are those of `Optimizer`.

    Raises:
        ValueError: If `weight_decay` is `None`.

    Source:
        Loshchilov & Hutter, "Decoupled Weight Decay Regularization", arXiv:1711.05101.

    Example:
        >>> import torchkeras
        >>> torchkeras.optimizers.AdamW().weight_decay
        0.004
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            amsgrad=amsgrad,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
            **kwargs,
        )
        if self.weight_decay is None:
            raise ValueError(
                "Argument `weight_decay` must be a float. Received: weight_decay=None. "
                "For no decay, use `Adam`."
            )
