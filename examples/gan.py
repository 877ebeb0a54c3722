"""A GAN with `fit`: two networks and two optimizers in one `train_step`, and a callback."""

import torch

import torchkeras as keras
from torchkeras import layers, ops
from torchkeras.datasets import digits

LATENT_DIM = 16


def make_discriminator():
    return keras.Sequential(
        [
            keras.Input(shape=(8, 8, 1)),
            layers.Conv2D(16, (3, 3), strides=(2, 2), padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(32, (3, 3), strides=(2, 2), padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.GlobalMaxPooling2D(),
            layers.Dense(1),
        ],
        name="discriminator",
    )


def make_generator():
    return keras.Sequential(
        [
            keras.Input(shape=(LATENT_DIM,)),
            layers.Dense(2 * 2 * 32),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Reshape((2, 2, 32)),
            layers.Conv2DTranspose(32, (4, 4), strides=(2, 2), padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2DTranspose(16, (4, 4), strides=(2, 2), padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(1, (3, 3), padding="same", activation="sigmoid"),
        ],
        name="generator",
    )


class GAN(keras.Model):
    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.d_loss_tracker = keras.metrics.Mean(name="d_loss")
        self.g_loss_tracker = keras.metrics.Mean(name="g_loss")
        self.seed_generator = keras.random.SeedGenerator(1337)
        self.built = True

    @property
    def metrics(self):
        return [self.d_loss_tracker, self.g_loss_tracker]

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn

    def _update(self, optimizer, network, loss):
        self.zero_grad()
        loss.backward()
        weights = list(network.trainable_weights)
        with torch.no_grad():
            optimizer.apply([v.value.grad for v in weights], weights)

    def _noise(self, count):
        return keras.random.normal(shape=(count, self.latent_dim), seed=self.seed_generator)

    def train_step(self, real_images):
        batch_size = ops.shape(real_images)[0]
        generated = self.generator(self._noise(batch_size)).detach()
        images = ops.concatenate([generated, ops.cast(real_images, "float32")], axis=0)
        labels = ops.concatenate([ops.ones((batch_size, 1)), ops.zeros((batch_size, 1))], axis=0)
        labels = labels + 0.05 * keras.random.uniform(labels.shape, seed=self.seed_generator)
        d_loss = self.loss_fn(labels, self.discriminator(images))
        self._update(self.d_optimizer, self.discriminator, d_loss)

        misleading = ops.zeros((batch_size, 1))
        guesses = self.discriminator(self.generator(self._noise(batch_size)))
        g_loss = self.loss_fn(misleading, guesses)
        self._update(self.g_optimizer, self.generator, g_loss)

        self.d_loss_tracker.update_state(d_loss)
        self.g_loss_tracker.update_state(g_loss)
        return {m.name: m.result() for m in self.metrics}


class Sampler(keras.callbacks.Callback):
    """Keeps a few generated images of each epoch."""

    def __init__(self, count):
        super().__init__()
        self.count, self.images = count, []

    def on_epoch_end(self, epoch, logs=None):
        noise = keras.random.normal((self.count, self.model.latent_dim), seed=1)
        self.images.append(ops.convert_to_numpy(self.model.generator(noise)))


def run(epochs: int = 4, samples: int = 1437) -> dict[str, list[float]]:
    """Train, and return the losses and how bright the samples were."""
    keras.utils.set_random_seed(0)
    (images, _), _ = digits.load_data()
    images = images[:samples, ..., None].astype("float32") / 16
    gan = GAN(make_discriminator(), make_generator(), LATENT_DIM)
    gan.compile(
        d_optimizer=keras.optimizers.Adam(learning_rate=3e-4),
        g_optimizer=keras.optimizers.Adam(learning_rate=3e-4),
        loss_fn=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    sampler = Sampler(4)
    history = gan.fit(images, batch_size=64, epochs=epochs, verbose=0, callbacks=[sampler])
    return {**history.history, "brightness": [float(image.mean()) for image in sampler.images]}


def main() -> None:
    for name, values in run().items():
        print(f"{name:<12}", *(f"{value:.4f}" for value in values))


if __name__ == "__main__":
    main()
