// How well texts, lines and focus rings stand out from what is behind them, as the page has computed its styles.
//
// The ratio is that of the accessibility guidelines (WCAG 2). A colour is followed outwards through every element that
// holds it, over their backgrounds and through their opacities and filters (figures are inverted in the dark theme),
// and so is the background next to it: what is compared is what is seen.

window.contrast = (() => {
  // --- colours -----------------------------------------------------------------------------------

  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();

  /** [red, green, blue, alpha], from 0 to 1, of any colour that a style may have. */
  function colour(text) {
    if (!known.has(text)) {
      const parts = text.match(/^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/);
      if (parts) {
        known.set(text, [parts[1] / 255, parts[2] / 255, parts[3] / 255, Number(parts[4] ?? 1)]);
      } else {
        pixel.clearRect(0, 0, 1, 1);
        pixel.fillStyle = text;
        pixel.fillRect(0, 0, 1, 1);
        known.set(text, [...pixel.getImageData(0, 0, 1, 1).data].map((part) => part / 255));
      }
    }
    return known.get(text);
  }

  function over([r, g, b, a], [R, G, B, A]) {
    const alpha = a + A * (1 - a);
    const mix = (x, X) => (alpha === 0 ? 0 : (x * a + X * A * (1 - a)) / alpha);
    return [mix(r, R), mix(g, G), mix(b, B), alpha];
  }

  const clip = (x) => Math.min(1, Math.max(0, x));
  const FILTERS = {
    "": (each) => each,
    none: (each) => each,
    // The second part is the specification's hueRotate at 180 degrees.
    "invert(1) hue-rotate(180deg)": ([r, g, b, a]) => {
      const [x, y, z] = [1 - r, 1 - g, 1 - b];
      return [
        clip(-0.574 * x + 1.43 * y + 0.144 * z),
        clip(0.426 * x + 0.43 * y + 0.144 * z),
        clip(0.426 * x + 1.43 * y - 0.856 * z),
        a,
      ];
    },
  };

  function luminance([r, g, b]) {
    const linear = (x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  }

  function ratio(one, other) {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  }

  // --- what is seen ------------------------------------------------------------------------------

  const styles = new Map();

  /** What an element does to the colours in it: its background, and its filter and opacity together. */
  function layer(element) {
    if (!styles.has(element)) {
      const style = getComputedStyle(element);
      const filter = FILTERS[style.filter];
      if (!filter) throw new Error(`the filter ${style.filter} is not known here`);
      const opacity = Number(style.opacity);
      const through = ([r, g, b, a]) => filter([r, g, b, a * opacity]);
      styles.set(element, { background: colour(style.backgroundColor), opacity, through });
    }
    return styles.get(element);
  }

  /** The ratio between a colour in an element and the background around it; null for a colour that cannot be seen. */
  function seen(paint, element) {
    let [front, back] = [paint, [0, 0, 0, 0]];
    let visible = paint[3];
    for (let each = element; each; each = each.parentElement) {
      const { background, opacity, through } = layer(each);
      front = through(over(front, background));
      back = through(over(back, background));
      visible *= opacity;
    }
    if (visible < 0.05) return null; // shown when it is pointed at
    const page = colour(getComputedStyle(document.body).colorScheme === "dark" ? "rgb(18, 18, 18)" : "rgb(255, 255, 255)");
    return ratio(over(front, page), over(back, page));
  }

  function named(element) {
    const path = [];
    for (let each = element; each && path.length < 3; each = each.parentElement) {
      path.unshift([each.localName, ...each.classList].join("."));
    }
    return path.join(" > ");
  }

  function shown(element) {
    const { width, height } = element.getBoundingClientRect();
    return width > 1 && height > 1 && element.checkVisibility({ visibilityProperty: true });
  }

  /** What has been looked at and does not stand out: "ratio words (element)", each kind once. */
  class Findings {
    count = 0;
    poor = new Map();

    constructor() {
      styles.clear();
    }

    see(paint, element, needed, words) {
      const found = seen(paint, element);
      if (found === null) return;
      this.count += 1;
      if (found >= needed) return;
      this.poor.set(named(element), `${found.toFixed(2)} < ${needed}: ${words} (${named(element)})`);
    }

    /** What is wrong, in words; to have looked at too little is wrong, too. */
    list(least) {
      const few = this.count < least ? [`${this.count} looked at, and not ${least} or more`] : [];
      return [...few, ...this.poor.values()];
    }
  }

  // --- questions ---------------------------------------------------------------------------------

  /** What a text needs: large text less than small. */
  function needed(style) {
    const size = parseFloat(style.fontSize);
    return size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
  }

  /** All texts of the page: of HTML and of drawings, and what style sheets write before and after elements. */
  function texts(least = 0) {
    const findings = new Findings();
    const inks = (style, element) =>
      element instanceof SVGElement ? withOpacity(style.fill, style.fillOpacity) : colour(style.color);
    for (const element of document.body.querySelectorAll("*")) {
      if (!shown(element)) continue;
      const style = getComputedStyle(element);
      const words = [...element.childNodes]
        .filter((node) => node.nodeType === Node.TEXT_NODE)
        .map((node) => node.data.trim())
        .join(" ");
      const written = words || (element.matches("input:not([type=range], [type=checkbox]), select") ? "its value" : "");
      if (written && !element.closest("script, style, option, [disabled]")) {
        findings.see(inks(style, element), element, needed(style), JSON.stringify(written.slice(0, 40)));
      }
      if (element instanceof SVGElement) continue;
      for (const pseudo of ["::before", "::after"]) {
        const added = getComputedStyle(element, pseudo);
        const [, text] = added.content.match(/^"(.*?)"/) ?? [];
        if (!text?.trim() || added.display === "none") continue;
        // A sign without words of its own, such as a tick, is a graphic.
        const least = /\/ ""$/.test(added.content) || !/[\p{L}\p{N}]/u.test(text) ? 3 : needed(added);
        const [r, g, b, a] = colour(added.color);
        findings.see([r, g, b, a * Number(added.opacity)], element, least, `${pseudo} ${JSON.stringify(text)}`);
      }
    }
    return findings.list(least);
  }

  function withOpacity(paint, opacity) {
    const [r, g, b, a] = colour(paint);
    return [r, g, b, a * Number(opacity)];
  }

  /** All lines and marks of the interactive figures. */
  function lines(least = 0) {
    const findings = new Findings();
    for (const shape of document.querySelectorAll(".explorable svg :is(path, line, circle, rect, polyline, polygon)")) {
      if (shape.closest("clipPath, defs") || !shape.checkVisibility()) continue;
      const style = getComputedStyle(shape);
      const paints = [
        ["stroke", withOpacity(style.stroke, style.strokeOpacity)],
        ["fill", withOpacity(style.fill, style.fillOpacity)],
      ].filter(([kind]) => style[kind] !== "none");
      // A shape with an edge that stands out may be filled faintly.
      const best = paints.map(([kind, paint]) => [seen(paint, shape) ?? 0, kind, paint]).sort((a, b) => b[0] - a[0])[0];
      if (best) findings.see(best[2], shape, 3, best[1]);
    }
    return findings.list(least);
  }

  /** The edges of what can be operated: where there is one, it can be seen. */
  function edges(least = 0) {
    const findings = new Findings();
    for (const control of document.querySelectorAll("button, input, select")) {
      const style = getComputedStyle(control);
      if (!shown(control) || style.borderTopStyle === "none" || parseFloat(style.borderTopWidth) === 0) continue;
      findings.see(colour(style.borderTopColor), control.parentElement, 3, "its edge");
    }
    return findings.list(least);
  }

  /** The ring around each kind of thing that the keyboard can reach. */
  function rings(least = 0) {
    const findings = new Findings();
    const kinds = new Map();
    const reached = "a[href], button, input, select, textarea, summary, [tabindex='0']";
    for (const element of document.querySelectorAll(reached)) {
      if (shown(element) && !element.disabled && !kinds.has(named(element))) kinds.set(named(element), element);
    }
    for (const element of kinds.values()) {
      const shadow = getComputedStyle(element).boxShadow;
      element.focus({ focusVisible: true, preventScroll: true });
      if (document.activeElement !== element) continue;
      const style = getComputedStyle(element);
      const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      const shadowed = style.boxShadow !== shadow && style.boxShadow.match(/^(?:rgba?|color)\([^)]*\)/)?.[0];
      const ring = outlined ? style.outlineColor : shadowed;
      if (ring) findings.see(colour(ring), element.parentElement, 3, "its ring");
      else findings.poor.set(named(element), `no ring: ${named(element)}`);
      element.blur();
    }
    return findings.list(least);
  }

  const background = () => getComputedStyle(document.body).backgroundColor;

  return {
    texts,
    lines,
    edges,
    rings,
    background,
    ratio: (one, other) => ratio(colour(one), colour(other)),
    inverted: (each) => FILTERS["invert(1) hue-rotate(180deg)"](colour(each)),
  };
})();
