// Conjugate gradients on a diagonal matrix with sixty eigenvalues in three groups, (eq-conjugate-gradient-step) and
// (eq-conjugate-gradient-recurrence). In ngbook: solve.conjugate_gradient.

export const inputs = [
  { name: "first", label: "first eigenvalue", min: 0.5, max: 10, step: 0.25, value: 2 },
  { name: "second", label: "second eigenvalue", min: 0.5, max: 10, step: 0.25, value: 5 },
  { name: "third", label: "third eigenvalue", min: 0.5, max: 10, step: 0.25, value: 9 },
  { name: "width", label: "width of each group", unit: "%", min: 0, max: 40, step: 2, value: 6 },
];

export const handles = ["first", "second", "third"].map((name) => ({
  picture: 0,
  way: "sideways",
  place: (state) => [state[name], 0],
  moved: ([omega]) => ({ [name]: omega }),
}));

const GROUP = 20;
const ITERATIONS = 12;
export const FLOOR = 1e-6; // of the first residual: below it, the equation counts as solved

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Three groups, evenly filled, from (1 − w/2) to (1 + w/2) times their centre. */
function spectrumOf({ first, second, third, width }) {
  const offsets = Array.from({ length: GROUP }, (_, k) => 1 + (width / 100) * (k / (GROUP - 1) - 0.5));
  return [first, second, third].flatMap((centre) => offsets.map((offset) => centre * offset));
}

/** The relative residuals, and the α and β of each iteration, until the residual is below the floor. */
function conjugateGradients(spectrum, right) {
  let residual = right.slice();
  let direction = right.slice();
  let square = sum(residual.map((r) => r * r));
  const start = square;
  const residuals = [1];
  const coefficients = [];
  while (residuals.length <= ITERATIONS && residuals.at(-1) > FLOOR) {
    const curvature = sum(direction.map((d, i) => d * spectrum[i] * d));
    const alpha = square / curvature;
    residual = residual.map((r, i) => r - alpha * spectrum[i] * direction[i]);
    const next = sum(residual.map((r) => r * r));
    const beta = next / square;
    direction = residual.map((r, i) => r + beta * direction[i]);
    square = next;
    coefficients.push([alpha, beta]);
    residuals.push(Math.sqrt(square / start));
  }
  return { residuals, coefficients };
}

/** What is left along an eigenvector: the same recurrence for one eigenvalue, from one. */
function polynomial(coefficients, degree, omega) {
  let residual = 1;
  let direction = 1;
  for (const [alpha, beta] of coefficients.slice(0, degree)) {
    residual -= alpha * omega * direction;
    direction = residual + beta * direction;
  }
  return residual;
}

export function evaluate(state) {
  const spectrum = spectrumOf(state);
  // All errors along eigenvectors weigh the same, as in the figure: the right side is √ω.
  const { residuals, coefficients } = conjugateGradients(spectrum, spectrum.map(Math.sqrt));
  const distinct = new Set(spectrum).size;
  const degrees = [1, 2, 3].filter((degree) => degree <= coefficients.length);
  return {
    spectrum,
    distinct,
    residuals,
    polynomials: degrees.map((degree) => spectrum.map((omega) => polynomial(coefficients, degree, omega))),
    curves: degrees.map((degree) =>
      Array.from({ length: 121 }, (_, k) => [k / 10, polynomial(coefficients, degree, k / 10)]),
    ),
    solved: residuals.at(-1) <= FLOOR ? residuals.length - 1 : null,
  };
}
