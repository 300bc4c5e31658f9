"""Everything that is measured, as a table and as JSON.

    python3 dev.py bench                        our own figures: minutes, on a quiet machine
    python3 dev.py bench lifecycle listing      only these
    python3 dev.py bench --peers                also the same work done by other libraries
    python3 dev.py bench --quick                everything in seconds, with figures that say nothing
    python3 dev.py bench --document             and put the tables into docs/benchmarks.md

A figure is a module of this folder with `measure(folder, *, quick)`, which returns rows; its
name stands in FIGURES. What it measured lies in `results/<figure>.json`.
"""
