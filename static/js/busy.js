// Submit buttons lock while a form is on its way, and every form that writes carries a key, so that a repeated
// request never writes twice. The server reads it as `idempotency_key`, htmx requests also as Idempotency-Key.

const KEY = "idempotency_key";
const SLOW = 300;

function keyOf(form) {
  let field = form.querySelector(`input[name=${KEY}]`);
  if (!field) {
    field = Object.assign(document.createElement("input"), { type: "hidden", name: KEY });
    form.append(field);
  }
  field.value ||= crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  return field;
}

function lock(form, submitter) {
  form.dataset.busy = "yes";
  const button = submitter ?? form.querySelector("button[type=submit], button:not([type])");
  if (!button) {
    return;
  }
  button.setAttribute("aria-busy", "true");
  // The width stays, the words change only when it takes longer than a blink.
  setTimeout(() => {
    if (form.dataset.busy && button.isConnected && button.matches(".is-primary") && document.body.dataset.textSaving) {
      button.style.minInlineSize = `${button.offsetWidth}px`;
      button.dataset.words = button.innerHTML;
      button.textContent = document.body.dataset.textSaving;
    }
  }, SLOW);
}

function unlock(form) {
  delete form.dataset.busy;
  form.querySelectorAll("[aria-busy]").forEach((button) => {
    button.removeAttribute("aria-busy");
    if (button.dataset.words) {
      button.innerHTML = button.dataset.words;
      delete button.dataset.words;
    }
  });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") {
    return;
  }
  if (form.dataset.busy) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  keyOf(form);
  lock(form, event.submitter);
}, true);

document.addEventListener("htmx:configRequest", (event) => {
  const form = event.target.closest?.("form");
  const key = form?.querySelector(`input[name=${KEY}]`)?.value;
  if (key && event.detail.verb !== "get") {
    event.detail.headers["Idempotency-Key"] = key;
  }
});

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form");
  if (form) {
    unlock(form);
    // An answer came, so the next press is a new wish; without one the same key is sent again.
    if (event.detail.xhr?.status) {
      form.querySelector(`input[name=${KEY}]`)?.remove();
    }
  }
});

// The page comes back from the browser's memory with its forms still locked.
addEventListener("pageshow", (event) => event.persisted && document.querySelectorAll("form[data-busy]").forEach(unlock));
