"""The floor that touches the world: databases, doorbells, model providers, tools.

Each adapter implements ports declared by services, translates vendor errors into our tree,
and is the only speaker of its vendor. Adapters ignore each other. Only bootstrap imports
them.
"""
