// Opens a form from its own address in the one <dialog id="dialog">; a bottom sheet on phones by style alone.
//
//   <a href="/deals/7/lose/" data-dialog>          the address also works as a page without script
//   <a href="/search/" data-palette-open>          wide dialog
// The answer is built on components/dialog_frame.html; its form posts with hx-target="#dialog".
// Success: 204 with HX-Trigger {"close-dialog": true, …}. A form that was refused (422, 409) is swapped in place.

const dialog = document.getElementById("dialog");
const FIRST_FIELD = "[autofocus], input:not([type=hidden], [type=radio]), textarea, select, input[type=radio]:checked, input[type=radio], button.is-primary";

let opener = null;
let address = "";
let typed = false;
let drafts = {};

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-dialog], button[data-dialog], a[data-palette-open]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) {
    return;
  }
  event.preventDefault();
  open(link.dataset.dialog || link.getAttribute("href"), { from: link, wide: link.hasAttribute("data-palette-open") });
});
document.addEventListener("kontor:open-dialog", (event) => open(event.detail.url, { from: document.activeElement, ...event.detail }));
document.addEventListener("close-dialog", () => {
  typed = false;
  delete drafts[address];
  dialog.close();
});

async function open(url, { from = null, wide = false, values = {} } = {}) {
  opener = from;
  address = url;
  dialog.classList.toggle("is-wide", wide);
  from?.setAttribute("aria-busy", "true");
  // Settled at once: htmx listens to fields from then on, and who types quickly would be ahead of it.
  await htmx.ajax("GET", url, { target: "#dialog", swap: "innerHTML settle:0ms", values });
  from?.removeAttribute("aria-busy");
}

dialog.addEventListener("htmx:afterSwap", () => {
  if (!dialog.open && dialog.childElementCount) {
    restore();
    document.querySelectorAll(":popover-open:not(#toast)").forEach((popover) => popover.hidePopover());
    dialog.showModal();
    typed = false;
  }
  (dialog.querySelector("[data-form-errors]") ?? dialog.querySelector(FIRST_FIELD))?.focus();
});

dialog.addEventListener("input", () => {
  typed = true;
});
// Clicking beside the dialog leaves it, like Esc.
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

dialog.addEventListener("close", () => {
  const form = dialog.querySelector("form[method=post]");
  if (typed && form && !form.querySelector("input[type=password]")) {
    drafts[address] = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !["csrfmiddlewaretoken", "version", "idempotency_key"].includes(name));
    const url = address;
    const { textDraft, textReopen } = document.body.dataset;
    document.dispatchEvent(new CustomEvent("toast", { detail: { message: textDraft, action: textReopen, retry: () => open(url, { from: opener }) } }));
  }
  typed = false;
  dialog.replaceChildren();
  const back = opener?.isConnected ? opener : document.getElementById(opener?.id || "main");
  back?.focus();
});

// What was typed before the dialog was left comes back.
function restore() {
  const form = dialog.querySelector("form[method=post]");
  const draft = drafts[address];
  delete drafts[address];
  if (!form || !draft) {
    return;
  }
  for (const [name, value] of draft) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "radio" || field.type === "checkbox") {
        field.checked = field.checked || field.value === value;
      } else {
        field.value = value;
      }
    }
  }
}
