"""The rules of ``check``, one idea a module; ``registry`` has the table of them."""
