"""What every layer is made of; `Layer` puts it together."""
