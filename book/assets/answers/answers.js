import { decoded, isChoice, judge } from "./answers.model.js";

const STORE = "ngbook-answers";
const forms = [...document.querySelectorAll("form[data-answer]")];

/** What was answered in this browser, {label: texts}; nothing where it keeps nothing. */
function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(STORE));
    return found?.constructor === Object ? found : {};
  } catch {
    return {};
  }
}

function keep(change) {
  const all = kept();
  change(all);
  try {
    localStorage.setItem(STORE, JSON.stringify(all));
  } catch {
    // a browser that keeps nothing: the answers last as long as the page
  }
}

const fields = (form) => [...form.querySelectorAll("input")];

function given(form, answer) {
  if (isChoice(answer)) return fields(form).find((each) => each.checked)?.value ?? null;
  return fields(form).map((each) => each.value);
}

/** Say what an answer is worth, and mark the fields. */
function tell(form, said) {
  const place = form.querySelector(".answer-said");
  place.textContent = said?.text ?? "";
  form.dataset.verdict = said?.verdict ?? "";
  const wrong = said && ["wrong", "known mistake", "unreadable"].includes(said.verdict);
  fields(form).forEach((each, i) => {
    const marked = wrong && (said.field === undefined || said.field === i);
    if (marked) each.setAttribute("aria-invalid", "true");
    else each.removeAttribute("aria-invalid");
  });
}

function count() {
  const done = forms.filter((form) => ["right", "told"].includes(form.dataset.verdict)).length;
  const place = document.querySelector(".answer-progress");
  if (!place) return;
  place.querySelector("span").textContent = `${done} of ${forms.length} answered on this page.`;
  place.querySelector("button").disabled = !forms.some((form) => form.dataset.verdict);
}

function check(form, answer) {
  const said = judge(answer, given(form, answer));
  tell(form, said);
  count();
  return said;
}

forms.forEach((form) => {
  const label = form.dataset.answer;
  const answer = decoded(form.dataset.key);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = check(form, answer);
    if (said.field !== undefined) fields(form)[said.field].focus();
    if (said.verdict !== "unreadable") keep((all) => (all[label] = given(form, answer)));
  });
  form.addEventListener("input", () => tell(form, null));
  const before = kept()[label];
  if (isChoice(answer) ? typeof before === "string" : Array.isArray(before) && before.length === fields(form).length) {
    fields(form).forEach((each, i) => {
      if (isChoice(answer)) each.checked = each.value === before;
      else each.value = String(before[i]);
    });
    check(form, answer);
  }
});

document.querySelector(".answer-progress button")?.addEventListener("click", () => {
  keep((all) => forms.forEach((form) => delete all[form.dataset.answer]));
  forms.forEach((form) => {
    form.reset();
    tell(form, null);
  });
  count();
  forms[0]?.querySelector("input")?.focus();
});
count();
