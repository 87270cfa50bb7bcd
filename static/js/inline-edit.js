// The editor of one value: Enter saves, Esc restores, Tab saves and goes on, a click elsewhere saves, choosing saves.
// The form is <form data-inline-edit data-cancel-url="…"> inside [data-inline-field]; see components/inline_form.html.

const FIELD = "input:not([type=hidden]), select, textarea";

let goOn = null;

const formOf = (element) => element.closest?.("form[data-inline-edit]");
const value = (form) => JSON.stringify([...new FormData(form)]);

function begin(form) {
  if (form.dataset.read !== undefined) {
    return;
  }
  form.dataset.read = value(form);
  const field = form.querySelector(FIELD);
  field?.focus();
  field?.select?.();
}

function save(form) {
  if (form.dataset.sent) {
    return;
  }
  if (value(form) === form.dataset.read && !form.querySelector("[aria-invalid=true]")) {
    cancel(form);
    return;
  }
  form.dataset.sent = "yes";
  form.requestSubmit();
}

function cancel(form) {
  form.dataset.sent = "yes";
  const field = form.closest("[data-inline-field]");
  htmx.ajax("GET", form.dataset.cancelUrl, { target: field, swap: "outerHTML" });
}

document.addEventListener("keydown", (event) => {
  const form = formOf(event.target);
  if (!form) {
    return;
  }
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    goOn = form.closest("[data-inline-field]").id;
    cancel(form);
  } else if (event.key === "Enter" && !(event.target.matches("textarea") && !event.ctrlKey && !event.metaKey)) {
    event.preventDefault();
    goOn = form.closest("[data-inline-field]").id;
    save(form);
  } else if (event.key === "Tab" && event.target.matches(FIELD)) {
    event.preventDefault();
    goOn = neighbour(form, event.shiftKey ? -1 : 1);
    save(form);
  }
});

// The value after (or before) this one in the same list opens once this one is saved.
function neighbour(form, step) {
  const field = form.closest("[data-inline-field]");
  const fields = [...field.parentElement.querySelectorAll("[data-inline-field]")].filter((other) => other === field || other.querySelector(".inline-value"));
  const next = fields[fields.indexOf(field) + step];
  return next ? `${next.id}!` : field.id;
}

document.addEventListener("change", (event) => {
  const form = formOf(event.target);
  if (form && event.target.matches("select, input[type=date], input[type=radio]")) {
    goOn = form.closest("[data-inline-field]").id;
    save(form);
  }
});

document.addEventListener("focusout", (event) => {
  const form = formOf(event.target);
  if (form && !form.contains(event.relatedTarget) && event.relatedTarget && !form.dataset.sent) {
    save(form);
  }
});
document.addEventListener("pointerdown", (event) => {
  document.querySelectorAll("form[data-inline-edit]").forEach((form) => form.contains(event.target) || save(form));
});

document.addEventListener("htmx:afterSettle", () => {
  document.querySelectorAll("form[data-inline-edit]").forEach(begin);
  const conflict = goOn && document.getElementById(goOn.replace("!", ""))?.parentElement.querySelector(".conflict button");
  conflict?.focus();
  if (!goOn || conflict || document.querySelector("form[data-inline-edit] [aria-invalid=true]")) {
    goOn = null;
    return;
  }
  const opens = goOn.endsWith("!");
  const field = document.getElementById(goOn.replace("!", ""));
  goOn = null;
  const button = field?.querySelector(".inline-value");
  button?.focus();
  opens && button?.click();
});

// A refusal without a new form (409 as a notice): the editor stays usable with what was typed.
document.addEventListener("htmx:afterRequest", (event) => {
  const form = formOf(event.target);
  if (form && !event.detail.successful) {
    delete form.dataset.sent;
  }
});

// Space opens like a button does.
document.addEventListener("keydown", (event) => {
  if (event.key === " " && event.target.matches?.("a[role=button]")) {
    event.preventDefault();
    event.target.click();
  }
});

document.querySelectorAll("form[data-inline-edit]").forEach(begin);
