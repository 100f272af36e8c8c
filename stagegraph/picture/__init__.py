"""A report as a picture: boxes, arrows, what is left out, and where Graphviz puts them."""
