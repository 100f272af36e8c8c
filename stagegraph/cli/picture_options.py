"""Options of the commands that draw pictures."""

from __future__ import annotations

import click

from stagegraph.picture.view import DIRECTIONS, THEMES

direction_option = click.option(
    "--direction",
    type=click.Choice(DIRECTIONS),
    default="auto",
    show_default=True,
    help="Direction of the graph.",
)
labels_option = click.option("--labels/--no-labels", default=True, help="Write on the edges what is copied.")
theme_option = click.option(
    "--theme",
    type=click.Choice(THEMES),
    default="auto",
    show_default=True,
    help="Colours; auto follows the reader's light or dark mode.",
)
title_option = click.option("--title", default="", help="Title of the picture.")
