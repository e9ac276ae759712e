// The button "Run this page": until it is pressed, this is all that a live page does.
(() => {
  const folder = new URL(".", document.currentScript.src);
  const bar = document.querySelector(".live-bar");
  const status = bar.querySelector(".live-status");
  bar.querySelector(".live-start").addEventListener("click", function begin({ currentTarget: button }) {
    button.removeEventListener("click", begin);
    status.textContent = "Getting ready …";
    const script = document.createElement("script");
    script.src = new URL("run.js", folder);
    script.onerror = () => {
      script.remove();
      status.textContent =
        "Python could not be loaded: the book's own files cannot be reached. Nothing on the page has changed; " +
        "press the button to try again.";
      button.addEventListener("click", begin);
    };
    document.head.append(script);
  });
})();
