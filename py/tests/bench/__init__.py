"""Measures training: `npm run bench training`, or `python -m tests.bench` without Node. See docs/performance.md."""
