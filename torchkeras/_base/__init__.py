"""The ground floor: settings, dtypes, devices, names, the registry and the config dialect."""
