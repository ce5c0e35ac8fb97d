"""The view floor: pure folds from events to what people and programs read.

One file per view, each a ``fold(view, event) -> view``. Imports core and kit, never a
service. Adapters keep views in tables, entry points show them.
"""
