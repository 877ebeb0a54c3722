"""A small student learns what a large teacher says: `compute_loss` in place of the compiled one."""

import torchkeras as keras
from torchkeras import layers, ops
from torchkeras.datasets import digits


class Distiller(keras.Model):
    def __init__(self, student, teacher):
        super().__init__()
        self.teacher = teacher
        self.student = student

    def compile(
        self, optimizer, metrics, student_loss_fn, distillation_loss_fn, alpha=0.1, temperature=3
    ):
        super().compile(optimizer=optimizer, metrics=metrics)
        self.student_loss_fn = student_loss_fn
        self.distillation_loss_fn = distillation_loss_fn
        self.alpha = alpha
        self.temperature = temperature

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False):
        teacher_pred = self.teacher(x, training=False)
        student_loss = self.student_loss_fn(y, y_pred)
        distillation_loss = self.distillation_loss_fn(
            self._softened(teacher_pred), self._softened(y_pred)
        ) * (self.temperature**2)
        return self.alpha * student_loss + (1 - self.alpha) * distillation_loss

    def _softened(self, logits):
        return keras.activations.softmax(logits / self.temperature, axis=1)

    def call(self, x):
        return self.student(x)


def make_net(name: str, width: int):
    return keras.Sequential(
        [
            keras.Input(shape=(8, 8, 1)),
            layers.Conv2D(width, (3, 3), strides=(2, 2), padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.MaxPooling2D(pool_size=(2, 2), strides=(1, 1), padding="same"),
            layers.Conv2D(2 * width, (3, 3), strides=(2, 2), padding="same"),
            layers.Flatten(),
            layers.Dense(10),
        ],
        name=name,
    )


def run(epochs: int = 4, samples: int = 1437) -> dict[str, list[float]]:
    """Train a teacher, a student of it and a student alone; return what they reach."""
    keras.utils.set_random_seed(0)
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    x_train, x_test = (x[..., None].astype("float32") / 16 for x in (x_train, x_test))
    x_train, y_train = x_train[:samples], y_train[:samples]
    compiled = {
        "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "metrics": [keras.metrics.SparseCategoricalAccuracy()],
    }
    teacher, student = make_net("teacher", 32), make_net("student", 8)
    alone = keras.models.clone_model(student)
    alone.set_weights(student.get_weights())

    teacher.compile(optimizer=keras.optimizers.Adam(3e-3), **compiled)
    taught = teacher.fit(x_train, y_train, epochs=epochs, verbose=0).history

    distiller = Distiller(student=student, teacher=teacher)
    distiller.compile(
        optimizer=keras.optimizers.Adam(),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
        student_loss_fn=compiled["loss"],
        distillation_loss_fn=keras.losses.KLDivergence(),
        alpha=0.1,
        temperature=5,
    )
    teacher.trainable = False
    distilled = distiller.fit(x_train, y_train, epochs=epochs, verbose=0).history
    alone.compile(optimizer=keras.optimizers.Adam(), **compiled)
    learnt = alone.fit(x_train, y_train, epochs=epochs, verbose=0).history
    runs = {"teacher": taught, "distilled": distilled, "alone": learnt}
    found = {f"{who} {name}": values for who, run in runs.items() for name, values in run.items()}
    for who, model in (("distilled", distiller), ("alone", alone)):
        found[f"{who}, evaluated"] = [
            *ops.convert_to_numpy(model.evaluate(x_test, y_test, verbose=0))
        ]
    return found


def main() -> None:
    for name, values in run().items():
        print(f"{name:<40}", *(f"{value:.4f}" for value in values))


if __name__ == "__main__":
    main()
