"""Functions that TypeScript calls through the bridge: short, from one JSON object to another, never printing."""
