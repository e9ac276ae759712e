"""The rings on the interactive figures: what they move, what they leave alone, and that fingers still scroll.

Each page is opened once, on a phone; a mouse can be plugged into that, too.
"""

import pytest
from playwright.sync_api import expect

from .visit import NEXT_FRAME

# Page, tag, and how many rings there are.
FIGURES = {
    "foundations/distance": ("distance", 6),
    "foundations/trust_regions": ("trust-regions", 3),
    "foundations/lagrangian": ("lagrangian", 3),
    "probability/kl_and_fisher": ("score", 2),
    "probability/taylor": ("taylor", 1),
    "probability/fisher_catalogue": ("fisher-catalogue", 1),
    "probability/maximum_likelihood": ("maximum-likelihood", 2),
    "reinforcement/natural_policy_gradient": ("natural-policy-gradient", 1),
    "reinforcement/conjugate_gradient": ("conjugate-gradient", 3),
    "geometry/two_coordinates": ("two-coordinates", 4),
    "geometry/geodesics": ("straight-lines", 2),
}
VALUES = "all => Object.fromEntries(all.map((input) => [input.id, Number(input.value)]))"


class Figure:
    """An interactive figure on an open page."""

    def __init__(self, page, name):
        self.page, self.name, (tag, self.count) = page, name, FIGURES[name]
        self.root = page.locator(f"#explorable-{tag}")
        self.status = self.root.locator("[role=status]")
        self.rings = self.root.locator(".explorable-handle")

    def values(self):
        return self.root.locator("input").evaluate_all(VALUES)

    def back(self):
        self.root.get_by_role("button", name="Back to the start").click()

    def show(self, k):
        """Scroll until a ring is in the middle of the window."""
        self.rings.nth(k).evaluate("(ring) => ring.scrollIntoView({ block: 'center', behavior: 'instant' })")

    def centre(self, k):
        box = self.rings.nth(k).bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, k, across, up):
        """Drag a ring with the mouse; where the mouse is then."""
        self.show(k)
        x, y = self.centre(k)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + across, y - up, steps=3)
        self.page.mouse.up()
        return x + across, y - up


@pytest.fixture(scope="module", params=FIGURES)
def opened(request, visit):
    with visit(request.param, width=390, has_touch=True) as visited:
        visited.leave_alone(".explorable")
        yield Figure(visited.page, request.param)


@pytest.fixture
def figure(opened):
    opened.page.set_viewport_size({"width": 390, "height": 800})
    opened.back()
    return opened


def only(*names):
    """For the figures on these pages."""
    return pytest.mark.parametrize("opened", names, indirect=True)


def test_each_ring_moves_its_inputs_and_the_sentence(figure):
    expect(figure.rings).to_have_count(figure.count)
    start, said = figure.values(), figure.status.inner_text()
    for k in range(figure.count):
        figure.drag(k, 24, 18)
        expect(figure.status).not_to_have_text(said)
        assert figure.values() != start
        figure.back()
        assert figure.values() == start
        expect(figure.status).to_have_text(said)
    assert figure.page.evaluate("[scrollX, document.documentElement.scrollWidth <= innerWidth]") == [0, True]


@only(
    "foundations/distance",
    "foundations/trust_regions",
    "probability/taylor",
    "probability/maximum_likelihood",
)
def test_a_ring_stays_under_the_pointer(figure):
    """Where a ring is free to go anywhere; only the steps of the inputs hold it back."""
    for k in {"foundations/distance": (2, 5), "probability/maximum_likelihood": (0, 1)}.get(
        figure.name, (0,)
    ):
        figure.back()
        pointer = figure.drag(k, -13, 25)
        assert figure.centre(k) == pytest.approx(pointer, abs=8)


@only("foundations/lagrangian")
def test_an_axis_can_be_turned_all_the_way_round(figure):
    figure.show(0)
    ends = [figure.centre(k) for k in (0, 1)]
    x, y = ((a + b) / 2 for a, b in zip(*ends, strict=True))
    figure.page.mouse.move(*ends[0])
    figure.page.mouse.down()
    seen = []
    for across, up in [(24, 66), (-24, 66), (-66, 24), (-66, -24), (-24, -66), (24, -66), (66, -24)]:
        figure.page.mouse.move(x + across, y - up)
        figure.page.evaluate(NEXT_FRAME)
        seen.append(figure.values()["explorable-lagrangian-turn"])
        distances = [abs(a - x - across) + abs(b - y + up) for a, b in (figure.centre(0), figure.centre(1))]
        assert min(distances) < 6, "an end of the axis is under the pointer"
    figure.page.mouse.up()
    assert seen == [70, -70, -20, 20, 70, -70, -20]


@only("reinforcement/conjugate_gradient")
def test_rings_that_meet_can_be_parted(figure):
    figure.show(0)
    figure.drag(0, figure.centre(1)[0] - figure.centre(0)[0], 0)
    first, second = (f"explorable-conjugate-gradient-{each}" for each in ("first", "second"))
    assert figure.values()[first] == figure.values()[second]
    figure.drag(0, -40, 0)
    assert figure.values()[first] != figure.values()[second]


def test_rings_are_for_fingers_and_not_for_keyboards(figure):
    for ring in figure.rings.all():
        box = ring.bounding_box()
        assert min(box["width"], box["height"]) >= 44
        assert ring.get_attribute("aria-hidden") == "true"
        assert ring.evaluate("(ring) => ring.tabIndex") == -1
    assert figure.root.get_by_role("slider").count() >= 2


def touch(page, start, across, up):
    """One finger, put down, moved and lifted."""
    session = page.context.new_cdp_session(page)
    places = [{"x": start[0] + across * k / 8, "y": start[1] - up * k / 8} for k in range(9)]
    moves = [("touchMove", [place]) for place in places[1:]]
    for kind, fingers in [("touchStart", places[:1]), *moves, ("touchEnd", [])]:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    page.evaluate(NEXT_FRAME)


def test_a_finger_drags_a_ring_and_scrolls_beside_it(figure):
    start = figure.values()
    figure.show(0)
    before = figure.page.evaluate("scrollY")
    touch(figure.page, figure.centre(0), 24, 30)
    moved = figure.values()
    assert moved != start
    assert figure.page.evaluate("scrollY") == before
    box = figure.root.locator("svg[role=img]").first.bounding_box()
    touch(figure.page, (box["x"] + 20, box["y"] + 80), 0, 60)
    figure.page.wait_for_function(f"scrollY > {before}")
    assert figure.values() == moved


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_what_is_below_does_not_jump(figure, width):
    figure.page.set_viewport_size({"width": width, "height": 800})
    figure.page.evaluate(NEXT_FRAME)  # the drawings take the new width
    shifts = figure.root.evaluate("""(root) => {
      const top = () => root.querySelector(".explorable-inputs").offsetTop - root.offsetTop;
      const set = (input, value) => {
        input.value = value;
        input.dispatchEvent(new Event("input"));
      };
      const tops = [top()];
      for (const input of root.querySelectorAll("input")) {
        const start = input.value;
        for (const value of [input.min, input.max, start]) {
          set(input, value);
          tops.push(top());
        }
      }
      return tops.map((each) => each - tops[0]);
    }""")
    assert shifts == [0] * len(shifts)
