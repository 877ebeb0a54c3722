"""A variational autoencoder: a sampling layer, two networks, a `train_step` with three losses."""

import torch

import torchkeras as keras
from torchkeras import layers, ops
from torchkeras.datasets import digits

LATENT_DIM = 2


class Sampling(layers.Layer):
    """Draw from the normal distribution of `(mean, log of the variance)`."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(shape=ops.shape(z_mean), seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon


def make_encoder():
    inputs = keras.Input(shape=(8, 8, 1))
    x = layers.Conv2D(16, 3, activation="relu", strides=2, padding="same")(inputs)
    x = layers.Conv2D(32, 3, activation="relu", strides=2, padding="same")(x)
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    z_mean = layers.Dense(LATENT_DIM, name="z_mean")(x)
    z_log_var = layers.Dense(LATENT_DIM, name="z_log_var")(x)
    z = Sampling()([z_mean, z_log_var])
    return keras.Model(inputs, [z_mean, z_log_var, z], name="encoder")


def make_decoder():
    inputs = keras.Input(shape=(LATENT_DIM,))
    x = layers.Reshape((2, 2, 32))(layers.Dense(2 * 2 * 32, activation="relu")(inputs))
    x = layers.Conv2DTranspose(32, 3, activation="relu", strides=2, padding="same")(x)
    x = layers.Conv2DTranspose(16, 3, activation="relu", strides=2, padding="same")(x)
    outputs = layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same")(x)
    return keras.Model(inputs, outputs, name="decoder")


class VAE(keras.Model):
    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.total_loss_tracker = keras.metrics.Mean(name="total_loss")
        self.reconstruction_loss_tracker = keras.metrics.Mean(name="reconstruction_loss")
        self.kl_loss_tracker = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):
        return [self.total_loss_tracker, self.reconstruction_loss_tracker, self.kl_loss_tracker]

    def call(self, inputs):
        return self.decoder(self.encoder(inputs)[2])

    def train_step(self, data):
        z_mean, z_log_var, z = self.encoder(data)
        reconstruction = self.decoder(z)
        per_pixel = keras.losses.binary_crossentropy(data, reconstruction)
        reconstruction_loss = ops.mean(ops.sum(per_pixel, axis=(1, 2)))
        kl_loss = -0.5 * (1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var))
        kl_loss = ops.mean(ops.sum(kl_loss, axis=1))
        total_loss = reconstruction_loss + kl_loss

        self.zero_grad()
        total_loss.backward()
        weights = list(self.trainable_weights)
        with torch.no_grad():
            self.optimizer.apply([v.value.grad for v in weights], weights)

        self.total_loss_tracker.update_state(total_loss)
        self.reconstruction_loss_tracker.update_state(reconstruction_loss)
        self.kl_loss_tracker.update_state(kl_loss)
        return {
            "loss": self.total_loss_tracker.result(),
            "reconstruction_loss": self.reconstruction_loss_tracker.result(),
            "kl_loss": self.kl_loss_tracker.result(),
        }


def run(epochs: int = 5, samples: int = 1437) -> dict[str, list[float]]:
    """Train, and return the losses and some coordinates of the latent space."""
    keras.utils.set_random_seed(0)
    (images, _), _ = digits.load_data()
    images = images[:samples, ..., None].astype("float32") / 16
    vae = VAE(make_encoder(), make_decoder())
    vae.compile(optimizer=keras.optimizers.Adam())
    history = vae.fit(images, epochs=epochs, batch_size=128, verbose=0).history
    z_mean, _, _ = vae.encoder.predict(images[:10], verbose=0)
    decoded = vae.decoder.predict(z_mean, verbose=0)
    found = {"first coordinate": z_mean[:, 0].tolist(), "pixel": decoded[:, 4, 4, 0].tolist()}
    return {**history, **found}


def main() -> None:
    for name, values in run().items():
        print(f"{name:<20}", *(f"{value:.3f}" for value in values))


if __name__ == "__main__":
    main()
