"""The training pipe: data, step, logs, callbacks, in one loop for fit, evaluate and predict."""
