"""What sharing saves: the weights of a convolutional layer beside a layer without sharing and a fully-connected one."""

from __future__ import annotations

from dataclasses import dataclass

from cvlab.engine.convolution import Sliding


@dataclass(frozen=True)
class LayerSizes:
    """Three layers that take W x W x C numbers and give W' x W' x K. Course, chapter 8.1.

    width: W = H, in pixels. channels: C. filters: K. sliding: F, S, P, d.

    >>> LayerSizes(32, 3, 12, Sliding(3, padding=1)).full_neuron, LayerSizes(200, 3, 12, Sliding(3)).full_neuron
    (3072, 120000)
    """

    width: int
    channels: int
    filters: int
    sliding: Sliding

    @property
    def out_width(self) -> int:
        """W', 0 where no window fits."""
        return self.sliding.fit(self.width).count

    @property
    def inputs(self) -> int:
        return self.width**2 * self.channels

    @property
    def outputs(self) -> int:
        """Neurons of the layer, W' x W' x K."""
        return self.out_width**2 * self.filters

    @property
    def full_neuron(self) -> int:
        """Weights of one fully-connected neuron: it sees every number of the input."""
        return self.inputs

    @property
    def window_neuron(self) -> int:
        """Weights of one neuron that sees a window only: F x F x C, whatever the picture's size."""
        return self.sliding.filter**2 * self.channels

    @property
    def shared(self) -> int:
        """Parameters of the convolutional layer: K filters of F x F x C weights and a bias."""
        return self.filters * (self.window_neuron + 1)

    @property
    def local(self) -> int:
        """The same windows, but each neuron with weights of its own."""
        return self.outputs * (self.window_neuron + 1)

    @property
    def full(self) -> int:
        """Every neuron sees every number."""
        return self.outputs * (self.full_neuron + 1)
