"""Tables and figures of collected sweeps, and scaling studies."""
