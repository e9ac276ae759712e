// Formulas and tables that are wider than the column are set smaller, as far as it takes and no further.
// Runs in the page, laid out as for print and as wide as the column. Returns what is still too wide.
() => {
  const column = document.body.clientWidth;
  const widthOf = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return range.getBoundingClientRect().width;
  };

  for (const block of document.querySelectorAll("div.math")) {
    const formula = block.querySelector(".katex-html");
    if (!formula) continue;
    const parts = [...formula.querySelectorAll(":scope > .base")];
    const needed = parts.reduce((sum, part) => sum + part.getBoundingClientRect().width, 0) || widthOf(formula);
    const style = getComputedStyle(block);
    let room = block.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (needed <= room) continue;
    room += parseFloat(style.paddingLeft); // the number stands on the right only
    block.classList.add("wide");
    if (needed <= room) continue;
    const size = parseFloat(getComputedStyle(formula.parentElement).fontSize);
    formula.parentElement.style.fontSize = `${(0.995 * size * room) / needed}px`;
  }

  for (const table of document.querySelectorAll("table")) {
    const size = parseFloat(getComputedStyle(table).fontSize);
    for (let share = 0.97; table.offsetWidth > table.parentElement.clientWidth + 0.5 && share > 0.6; share -= 0.03) {
      table.style.fontSize = `${size * share}px`;
    }
  }

  const over = [...document.body.querySelectorAll("*")].filter((element) => {
    if (element.closest("svg, .vlist-t")) return false; // inside a formula some boxes are invisible and wide
    const box = element.getBoundingClientRect();
    const formulas = element.closest(".katex") ?? element.querySelector(".katex");
    const inside = formulas ? 0 : element.scrollWidth; // words may stick out of their box, too
    return box.width > 0 && (Math.max(box.right, box.left + inside) > column + 1 || box.left < -1);
  });
  return over.map((element) => `${element.tagName}.${element.className}: ${element.textContent.slice(0, 60)}`);
}
