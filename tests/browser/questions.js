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

  /** Texts that are cut off at an edge of the window, in boxes that cannot be scrolled. */
  function cutOff() {
    const width = document.scrollingElement.clientWidth;
    const scrolls = (each) => /auto|scroll/.test(getComputedStyle(each).overflowX);
    const inScrolling = (element) => {
      for (let each = element; each; each = each.parentElement) if (scrolls(each)) return true;
      return false;
    };
    return all("main p, main li, main dt, main dd, main h1, main h2, main h3, main pre, main figcaption, main td, main summary")
      .filter((each) => each.checkVisibility({ visibilityProperty: true }))
      .filter((each) => {
        const range = document.createRange();
        range.selectNodeContents(each);
        const { left, right } = range.getBoundingClientRect();
        return (right > width + 1 || left < -1) && !inScrolling(each);
      })
      .map((each) => `${named(each)}: ${each.textContent.trim().slice(0, 60)}`);
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
