"""One node, put together: settings, store, log, systems, flows, listeners, gateway. Holds no logic of its own."""
