// What the tests ask a page. Every answer is a list of what is wrong, in words: an empty list is a good page.

window.questions = (() => {
  const named = (element) => {
    const classes = [...element.classList].slice(0, 3).map((each) => `.${each}`);
    return `${element.localName}${classes.join("")} in #${element.closest("[id]")?.id}`;
  };
  const all = (selector) => [...document.querySelectorAll(selector)];

  /** What makes the page wider than the window. */
  function tooWide() {
    const page = document.scrollingElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    const wide = all("body *").filter((each) => each.getBoundingClientRect().right > page.clientWidth + 1);
    return [`${page.scrollWidth} > ${page.clientWidth}`, ...wide.slice(0, 8).map(named)];
  }

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

  /** Headings that skip a level, as in a contents that goes from a chapter to a sub-section. */
  function headings() {
    const levels = all("main :is(h1, h2, h3, h4, h5, h6)").filter((each) => each.checkVisibility());
    const wrong = levels.filter((each, k) => k > 0 && each.localName[1] - levels[k - 1].localName[1] > 1);
    return wrong.map((each) => `${each.localName}: ${each.textContent}`);
  }

  const headlines = () => all("main h1").filter((each) => each.checkVisibility()).length;

  return { tooWide, cutOff, unnamedDrawings, wordsOutsideDrawings, headings, headlines };
})();
