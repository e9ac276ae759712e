// What the tests ask a page. Every answer is a list of what is wrong, in words: an empty list is a good page.

window.questions = (() => {
  const named = (element) => {
    const classes = [...element.classList].slice(0, 3).map((each) => `.${each}`);
    return `${element.localName}${classes.join("")} in #${element.closest("[id]")?.id}`;
  };
  const all = (selector) => [...document.querySelectorAll(selector)];

  /** Another theme than the one that the reader's machine is set to. */
  function theme() {
    const wanted = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const found = document.documentElement.dataset.theme;
    return found === wanted ? [] : [`${found} for ${wanted}`];
  }

  const broken = () =>
    [...document.images]
      .filter((image) => image.loading !== "lazy" && image.complete && image.naturalWidth === 0)
      .map((image) => image.src);

  /** Pictures whose boxes have another shape than they were drawn in. */
  const distorted = () =>
    [...document.images]
      .filter((image) => {
        const { width, height } = image.getBoundingClientRect();
        const shape = (image.naturalWidth * height) / (image.naturalHeight * width);
        return Math.min(width, height, image.naturalWidth) > 0 && Math.abs(Math.log(shape)) > 0.05;
      })
      .map((image) => image.src.slice(-60));

  /** Pictures that say nothing, or the name of a file, to those who do not see them. */
  const wordless = () =>
    [...document.images]
      .filter((image) => {
        const alt = image.getAttribute("alt");
        return alt === null || /\.(?:svg|png|jpe?g|gif|webp)\b|_images\/|[0-9a-f]{20}/.test(alt);
      })
      .map((image) => `${image.getAttribute("alt")}: ${image.src}`);

  /** What makes the page wider than the window. */
  function tooWide() {
    const page = document.scrollingElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    const wide = all("body *").filter((each) => each.getBoundingClientRect().right > page.clientWidth + 1);
    return [`${page.scrollWidth} > ${page.clientWidth}`, ...wide.slice(0, 8).map(named)];
  }

  /** Lines that begin with the comma or full stop of a formula in the line above. */
  const stranded = () =>
    all(".bd-article .math")
      .filter((formula) => {
        const boxes = formula.querySelectorAll(".base");
        const next = formula.nextSibling;
        if (!boxes.length || next?.nodeType !== Node.TEXT_NODE || !/^[.,;:!?)\]]/.test(next.data)) return false;
        const mark = document.createRange();
        mark.setStart(next, 0);
        mark.setEnd(next, 1);
        return mark.getBoundingClientRect().left < [...boxes].at(-1).getBoundingClientRect().left;
      })
      .map((formula) => `${formula.textContent.slice(-20)}${formula.nextSibling.data.slice(0, 20)}`);

  /** Whether an element, or one around it, has what is wider than itself in reach. */
  function scrolls(element) {
    for (let each = element; each; each = each.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(each).overflowX)) return true;
    }
    return false;
  }

  /** Whether an element is for screen readers only: in a box of a pixel. */
  function heardOnly(element) {
    for (let each = element; each; each = each.parentElement) {
      const { overflowX, position } = getComputedStyle(each);
      if (position === "absolute" && overflowX === "hidden" && each.offsetWidth <= 1) return true;
    }
    return false;
  }

  /** Texts that go over an edge of the window, in boxes that cannot be scrolled. */
  function cutOff() {
    const width = document.scrollingElement.clientWidth;
    const found = new Map();
    const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (texts.nextNode()) {
      const around = texts.currentNode.parentElement;
      if (!texts.currentNode.data.trim() || !around.checkVisibility({ visibilityProperty: true })) continue;
      range.selectNodeContents(texts.currentNode);
      const { left, right, width: own } = range.getBoundingClientRect();
      if (own > 1 && (right > width + 1 || left < -1) && !scrolls(around) && !heardOnly(around)) {
        found.set(named(around), `${named(around)}: ${texts.currentNode.data.trim().slice(0, 60)}`);
      }
    }
    return [...found.values()];
  }

  /** What moves or fades just now. */
  const moving = () => document.getAnimations().map((each) => named(each.effect.target));

  /** Code and its outputs that can only be read by scrolling. */
  const scrollingCode = () =>
    all(".bd-article :is(.cell_input, .cell_output) pre")
      .filter((each) => each.clientWidth && each.scrollWidth > each.clientWidth + 1)
      .map((each) => each.textContent.slice(0, 80));

  const figuresTooHigh = () =>
    all(".bd-article :is(figure, .cell_output img, img.cover)")
      .filter((each) => each.getBoundingClientRect().height > innerHeight)
      .map((each) => each.outerHTML.slice(0, 200));

  /** Where scripts do not run, a sentence stands for the figure that can be moved, and nothing of that is seen. */
  function sentenceForFigure() {
    const seen = (each) => each.checkVisibility({ visibilityProperty: true });
    const sentence = document.querySelector(".explorable-elsewhere");
    return [...(sentence && seen(sentence) ? [] : ["no sentence is seen"]), ...all(".explorable").filter(seen).map(named)];
  }

  /** Inputs without a label, or whose value a screen reader says otherwise than it is shown. */
  function unnamedInputs() {
    const inputs = all(".explorable :is(input, select)");
    const text = (each) => each.textContent.trim();
    const wrong = inputs.filter((each) => {
      if (![...each.labels].map(text).join("")) return true;
      const shown = () => each.labels[0].parentElement.querySelector("output").textContent;
      return each.type === "range" && each.getAttribute("aria-valuetext") !== shown();
    });
    return [...(inputs.length ? [] : ["no inputs"]), ...wrong.map((each) => each.id)];
  }

  const unnamedDrawings = () =>
    all(".explorable-drawings svg")
      .filter((each) => each.getAttribute("role") !== "img" || !each.getAttribute("aria-label")?.trim())
      .map(named);

  /** Words of a drawing that its edge cuts through. */
  const wordsOutsideDrawings = () =>
    all(".explorable-drawings svg").flatMap((drawing) => {
      const box = drawing.getBoundingClientRect();
      return [...drawing.querySelectorAll("text")]
        .filter((text) => {
          const { left, right, top, bottom } = text.getBoundingClientRect();
          return left < box.left - 1 || right > box.right + 1 || top < box.top - 2 || bottom > box.bottom + 2;
        })
        .map((text) => `${text.textContent} (${drawing.getAttribute("aria-label")})`);
    });

  const words = (element) => `${element.localName}: ${element.textContent}`;

  /** No headline or several, and headings that skip a level, as from a chapter to a sub-section. */
  function headings() {
    const levels = all("main :is(h1, h2, h3, h4, h5, h6)").filter((each) => each.checkVisibility());
    const headlines = levels.filter((each) => each.localName === "h1");
    return [
      ...(headlines.length === 1 ? [] : [`${headlines.length} headlines`, ...headlines.map(words)]),
      ...levels.filter((each, k) => k > 0 && each.localName[1] - levels[k - 1].localName[1] > 1).map(words),
    ];
  }

  /** What a listener is told first: the language, where the text is, and what the lists of links are. */
  function landmarks() {
    const count = (selector, number) => {
      const found = all(selector).length;
      return found === number ? [] : [`${found} × ${selector}`];
    };
    return [
      ...count("html[lang=en]", 1),
      ...count("main, [role=main]", 1),
      ...(all("nav").length ? [] : ["no navigation"]),
      ...all("nav:not([aria-label], [aria-labelledby])").map(named),
    ];
  }

  // Contrast is left to contrast.js, which also looks into drawings and at what style sheets write: axe takes up to
  // fifteen seconds a page for it. One rule has to be switched on: a button is called what it says.
  const RULES = { "color-contrast": { enabled: false }, "label-content-name-mismatch": { enabled: true } };
  // axe reads no MathML and takes the head of a column for empty that is a formula; screen readers read it.
  const NOT_READ_BY_AXE = { "empty-table-header": "th:has(math)" };

  /**
   * Fold up what axe has to walk through and cannot judge, four fifths of a chapter: the drawn half of a formula,
   * which is hidden from screen readers, the parts of its MathML, which axe does not know, and the colours of code.
   * The page is not what it was, so this comes last.
   */
  function fold() {
    all(".katex-html").forEach((each) => each.replaceChildren());
    for (const each of all("math, pre:not(:has(a, button, [tabindex]))")) each.textContent = each.textContent;
  }

  async function axeFinds(excused = NOT_READ_BY_AXE) {
    const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false, rules: RULES });
    return violations.flatMap(({ id, nodes }) =>
      nodes
        .filter(({ target }) => !(id in excused && document.querySelector(target[0]).matches(excused[id])))
        .map(({ html, target }) => `${id}: ${html.slice(0, 200)} (${target})`),
    );
  }

  return {
    axe: axeFinds,
    broken,
    cutOff,
    distorted,
    figuresTooHigh,
    fold,
    headings,
    landmarks,
    moving,
    sentenceForFigure,
    scrollingCode,
    stranded,
    theme,
    tooWide,
    unnamedDrawings,
    unnamedInputs,
    wordless,
    wordsOutsideDrawings,
  };
})();
