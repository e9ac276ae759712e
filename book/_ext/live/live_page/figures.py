"""The backend that hands Matplotlib's figures to the page: ``plt.show()`` emits those that are open."""

from live_page import standins
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas

__all__ = ["FigureCanvas", "show"]


def show(*, block=None):
    """Emit the open figures of the session that runs."""
    standins.session.show_figures()
