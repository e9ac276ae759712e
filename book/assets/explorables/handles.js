// Dragging: a ring on a picture stands for one or more inputs.
//
// A handle of a model says on which `picture` it is, where it is in a state, place(state, numbers) -> point, and what
// the inputs would have to be for it to be elsewhere, moved(point, state) -> values. A drag only sets the inputs, which
// round to their own steps, so it reaches no state that the inputs cannot reach. They remain the way for keyboards and
// screen readers; for those the rings are not there.

/**
 * Rings on a `stage`; `move` is called with new values, at most once a frame. Returns what puts the rings in their places.
 *
 * The rings stay while the pictures below them are drawn anew, so that a finger keeps hold of what it has.
 */
export function draggable(stage, handles, move) {
  const rings = handles.map(({ role = "ink", way = "anywhere" }) => {
    const ring = document.createElement("span");
    ring.className = `explorable-handle ${role} ${way}`;
    ring.setAttribute("aria-hidden", "true");
    stage.append(ring);
    return ring;
  });
  let shown = {}; // the last pictures, state and numbers
  let held = null; // { k, pointer, offset }: the handle, and where in the ring it was taken
  let last = null; // where the pointer is, if that has not been answered yet

  /** From the centre of a handle to a pointer, in pixels. */
  const offsetTo = ({ clientX, clientY }, k) => {
    const box = rings[k].getBoundingClientRect();
    return [clientX - box.left - box.width / 2, clientY - box.top - box.height / 2];
  };

  /** Rings may overlap; the one whose centre is nearest is meant. */
  const nearest = (event) => {
    const far = (k) => Math.hypot(...offsetTo(event, k));
    return rings.map((_, k) => k).reduce((best, k) => (far(k) < far(best) ? k : best));
  };

  const follow = () => {
    if (!held || !last) return;
    const { picture, moved } = handles[held.k];
    const { drawing, pointAt } = shown.pictures[picture];
    const box = drawing.getBoundingClientRect();
    const point = pointAt([last[0] - held.offset[0] - box.left, last[1] - held.offset[1] - box.top]);
    last = null;
    move(moved(point, shown.state));
  };

  const take = (event) => {
    if (held || event.button !== 0) return;
    event.preventDefault(); // no selection of text
    const k = nearest(event);
    held = { k, pointer: event.pointerId, offset: offsetTo(event, k) };
    event.target.setPointerCapture(event.pointerId);
    stage.classList.add("dragged");
  };
  const drag = (event) => {
    if (event.pointerId !== held?.pointer) return;
    if (!last) requestAnimationFrame(follow);
    last = [event.clientX, event.clientY];
  };
  const release = (event) => {
    if (event.pointerId !== held?.pointer) return;
    follow(); // the last move may still wait for its frame
    held = last = null;
    stage.classList.remove("dragged");
  };
  for (const ring of rings) {
    ring.addEventListener("pointerdown", take);
    ring.addEventListener("pointermove", drag);
    ring.addEventListener("lostpointercapture", release); // after pointerup and pointercancel alike
  }

  return (pictures, state, numbers) => {
    shown = { pictures, state };
    const origin = stage.getBoundingClientRect();
    const places = handles.map(({ picture, place }) => {
      const box = pictures[picture].drawing.getBoundingClientRect();
      const [x, y] = pictures[picture].pixelsOf(place(state, numbers));
      return [x + box.left - origin.left, y + box.top - origin.top];
    });
    rings.forEach((ring, k) => {
      [ring.style.left, ring.style.top] = places[k].map((place) => `${place.toFixed(1)}px`);
    });
  };
}
