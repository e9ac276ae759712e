// What the tests ask a page. Every answer is a list of what is wrong, in words; an empty list is a good page.

window.questions = (() => {
  const name = (element) => {
    const classes = [...element.classList].slice(0, 3).map((each) => `.${each}`);
    const id = element.id ? `#${element.id}` : "";
    return `${element.localName}${id}${classes.join("")} in ${element.closest("[id]")?.id ?? "the page"}`;
  };

  /** What makes the page wider than the window. */
  const tooWide = () => {
    const page = document.scrollingElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    const wide = [...document.body.querySelectorAll("*")].filter(
      (element) => element.getBoundingClientRect().right > page.clientWidth + 1,
    );
    return [`${page.scrollWidth} > ${page.clientWidth}`, ...wide.slice(0, 8).map(name)];
  };

  return { tooWide };
})();
