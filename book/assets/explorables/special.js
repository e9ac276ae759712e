// The Gamma function's logarithm and its first two derivatives for positive arguments: SciPy's gammaln, digamma and
// polygamma(1, x). The recurrence leads to arguments of at least ten, where eight terms of Stirling's series do.

const LARGE = 10;
const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510]; // B₂, B₄, ...

/** The sum of B₂ₖ · weight(2k) / x²ᵏ. */
const series = (x, weight) =>
  BERNOULLI.reduce((total, b, k) => total + (b * weight(2 * k + 2)) / x ** (2 * k + 2), 0);

export function logGamma(x) {
  let product = 1; // Γ(x + n) = x (x + 1) ... (x + n − 1) Γ(x)
  while (x < LARGE) {
    product *= x;
    x += 1;
  }
  const stirling = (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2;
  return stirling + x * series(x, (n) => 1 / (n * (n - 1))) - Math.log(product);
}

export function digamma(x) {
  let shift = 0;
  while (x < LARGE) {
    shift += 1 / x;
    x += 1;
  }
  return Math.log(x) - 1 / (2 * x) - series(x, (n) => 1 / n) - shift;
}

export function trigamma(x) {
  let shift = 0;
  while (x < LARGE) {
    shift += 1 / (x * x);
    x += 1;
  }
  return 1 / x + 1 / (2 * x * x) + series(x, () => 1) / x + shift;
}
