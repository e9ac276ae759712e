// A formula that is wider than its box can be scrolled from the keyboard: it is a tab stop as long as it is too wide.
const tabStop = ({ target }) => {
  if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
  else target.removeAttribute("tabindex");
};
const widths = new ResizeObserver((entries) => entries.forEach(tabStop));
document.querySelectorAll("div.math > .katex-display").forEach((box) => widths.observe(box));
