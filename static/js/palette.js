// Walks the options of the command palette (templates/pipeline/search/palette.html) while the field keeps the focus.
// Opened by dialog.js from [data-palette-open]; without script the same address is a page.

const dialog = document.getElementById("dialog");
const field = () => dialog.querySelector("[data-palette] input");
const options = () => [...dialog.querySelectorAll("[role=option]")];
const chosen = () => dialog.querySelector("[aria-selected=true]");
// Whether the results are those of what stands in the field.
const answered = () => dialog.querySelector("[data-asked]").dataset.asked === field().value;

// Set by Enter before the answer is there: what to do with the first option when it comes.
let hurried = null;
// The last search got no answer; the page of the search may say more.
let failed = false;

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option ? field().setAttribute("aria-activedescendant", option.id) : field().removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
  const aside = dialog.querySelector(".palette-preview");
  const preview = option?.querySelector("[data-preview]");
  aside.hidden = !preview;
  aside.replaceChildren(...(preview ? [preview.content.cloneNode(true)] : []));
}

function take() {
  const { inNewTab } = hurried;
  hurried = null;
  const option = chosen();
  if (!option) {
    field().form.submit();
  } else if (inNewTab) {
    open(option.href, "_blank", "noopener");
  } else {
    option.click();
  }
}

dialog.addEventListener("keydown", (event) => {
  if (event.target !== field() || event.isComposing) {
    return;
  }
  const all = options();
  const at = all.indexOf(chosen());
  const target = { ArrowDown: all[(at + 1) % all.length], ArrowUp: all.at(at < 1 ? -1 : at - 1), Tab: all.find((option) => option.dataset.offer) }[event.key];
  if (target && !event.shiftKey) {
    event.preventDefault();
    hurried = null;
    choose(target);
  } else if (event.key === "Enter") {
    event.preventDefault();
    event.stopPropagation();
    hurried = { inNewTab: event.ctrlKey || event.metaKey };
    answered() ? take() : failed && field().form.submit();
  } else {
    hurried = null;
  }
});
dialog.addEventListener("close", () => (hurried = null));
dialog.addEventListener("htmx:beforeRequest", () => (failed = false));
for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  dialog.addEventListener(failure, () => {
    failed = true;
    hurried && field()?.form.submit();
  });
}
dialog.addEventListener("click", (event) => event.target.closest("[data-palette-close]") && dialog.close());
dialog.addEventListener("htmx:afterSettle", () => {
  if (field()) {
    choose(options()[0]);
    hurried && answered() && take();
    const message = dialog.querySelector("[data-announce]").dataset.announce;
    field().value && document.dispatchEvent(new CustomEvent("announce", { detail: { message } }));
  }
});
