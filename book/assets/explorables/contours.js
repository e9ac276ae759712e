// Level lines of a function of two variables, by marching squares.

/** Where the value changes its sign between two points, to the last bits: by halving. */
function crossing(value, from, to) {
  const at = (t) => from.map((start, k) => start + t * (to[k] - start));
  const above = value(...from) >= 0;
  let [low, high] = [0, 1];
  for (let halving = 0; halving < 52; halving += 1) {
    const middle = (low + high) / 2;
    if (value(...at(middle)) >= 0 === above) low = middle;
    else high = middle;
  }
  return at(high);
}

/** For each edge of the grid that is crossed, the edges that it is joined to: one at the rim, otherwise two. */
function joinedEdges(value, x, y) {
  const positive = y.map((b) => x.map((a) => value(a, b) >= 0));
  const edge = (column, row, upright) => 2 * (row * x.length + column) + upright;
  const joined = new Map();
  const join = (a, b) => {
    for (const [one, other] of [
      [a, b],
      [b, a],
    ]) {
      joined.set(one, [...(joined.get(one) ?? []), other]);
    }
  };
  for (let row = 0; row + 1 < y.length; row += 1) {
    for (let column = 0; column + 1 < x.length; column += 1) {
      const corners = [positive[row][column], positive[row][column + 1]]; // round the cell
      corners.push(positive[row + 1][column + 1], positive[row + 1][column]);
      const sides = [edge(column, row, 0), edge(column + 1, row, 1), edge(column, row + 1, 0), edge(column, row, 1)];
      const crossed = sides.filter((_, k) => corners[k] !== corners[(k + 1) % 4]);
      if (crossed.length === 2) join(...crossed);
      if (crossed.length === 4) {
        const middle = value((x[column] + x[column + 1]) / 2, (y[row] + y[row + 1]) / 2) >= 0;
        const pairs = middle === corners[0] ? [0, 1, 2, 3] : [3, 0, 1, 2]; // the middle goes with the first corner
        join(sides[pairs[0]], sides[pairs[1]]);
        join(sides[pairs[2]], sides[pairs[3]]);
      }
    }
  }
  return joined;
}

/**
 * The lines on which value(a, b) is `level`, as lists of points; a closed line ends where it begins.
 *
 * `x` and `y` are the grid, increasing. The points lie on its edges, and on the level to rounding; between them,
 * and wherever a line fits between four corners, the grid decides what is seen.
 */
export function contour(value, x, y, level) {
  const above = (a, b) => value(a, b) - level;
  const joined = joinedEdges(above, x, y);
  const place = (edge) => {
    const [column, row, upright] = [(edge >> 1) % x.length, Math.floor((edge >> 1) / x.length), edge & 1];
    return crossing(above, [x[column], y[row]], [x[column + 1 - upright], y[row + upright]]);
  };
  const seen = new Set();
  const follow = (start) => {
    const edges = [];
    for (let next = start; next !== undefined; next = joined.get(next).find((edge) => !seen.has(edge))) {
      seen.add(next);
      edges.push(next);
    }
    const closed = edges.length > 2 && joined.get(start).includes(edges.at(-1));
    return (closed ? [...edges, start] : edges).map(place);
  };
  const rim = [...joined.keys()].filter((edge) => joined.get(edge).length === 1);
  return [...rim, ...joined.keys()].flatMap((edge) => (seen.has(edge) ? [] : [follow(edge)]));
}
