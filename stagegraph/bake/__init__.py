"""Bake and compose files, read exactly as ``docker buildx bake --print`` reads them."""
