"""Keras's own tests, run against torchkeras: `python -m tests.keras_suite`.

None of them is kept here. The source package of the Keras that is installed is fetched from the
package registry, its tests are copied into a temporary folder, and what they import from `keras`
and `keras.src` is answered with torchkeras. `known.txt` lists the tests that fail, sorted by
what their errors say; any other failure is a finding.
"""
