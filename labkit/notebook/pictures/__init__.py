"""Pictures of structures, drawn as SVG and told again in text.

Each function takes images and containers of the engine, or views of them (`views`), and returns a
`Picture`. The same input gives the same bytes on every machine.
"""

from labkit.notebook.pictures.containers import on_one_image
from labkit.notebook.pictures.history_map import history_map
from labkit.notebook.pictures.layer_stack import stack, steps
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.sharing import shared
from labkit.notebook.pictures.views import (
    ContainerView,
    ImageView,
    LayerView,
    StepView,
    container_view,
    image_view,
)

__all__ = [
    "ContainerView",
    "ImageView",
    "LayerView",
    "Picture",
    "StepView",
    "container_view",
    "history_map",
    "image_view",
    "on_one_image",
    "shared",
    "stack",
    "steps",
]
