// The menu of downloads and the button that leads back to the top. The theme drives them with all of Bootstrap, which
// is 81 kB; its style sheet is the one used here. What Bootstrap shows as a tooltip the browser shows by itself.
for (const button of document.querySelectorAll('[data-bs-toggle="dropdown"]')) {
  const menu = button.nextElementSibling;
  const show = (shown) => {
    menu.classList.toggle("show", shown);
    button.setAttribute("aria-expanded", shown);
  };
  menu.dataset.bsPopper = "static"; // the attribute data-bs-popper: below the button, not beside it
  button.addEventListener("click", () => show(!menu.classList.contains("show")));
  button.parentElement.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && menu.classList.contains("show")) {
      show(false);
      button.focus();
    }
  });
  button.parentElement.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !button.parentElement.contains(relatedTarget)) show(false);
  });
  document.addEventListener("click", ({ target }) => button.parentElement.contains(target) || show(false));
}

const back = document.getElementById("pst-back-to-top");
if (back) {
  let before = scrollY;
  back.addEventListener("click", () => scrollTo(0, 0));
  addEventListener("scroll", () => {
    back.style.display = scrollY > innerHeight && scrollY < before ? "block" : "none";
    before = scrollY;
  });
}
