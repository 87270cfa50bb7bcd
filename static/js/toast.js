// Notices at the lower edge, one at a time, with one action.
//
// Shown by `toast` events: HX-Trigger {"toast": {"message": "…", "level": "error", "undo": "/undo/12/"}} from the
// server, or document.dispatchEvent(new CustomEvent("toast", {detail: {message, level, undo, action, retry}})).
// `undo` is an address that is posted to; `retry` is a function behind the words in `action`.
// `announce` events ({detail: {message}} or HX-Trigger {"announce": "…"}) are only spoken.
// Undo also answers to the key Z (`kontor:undo`) for ten minutes after the last change.

const STAYS = 8000;
const UNDO_LASTS = 600_000;

const region = document.getElementById("toast");
const announcer = document.getElementById("announcer");
const template = document.getElementById("toast-template");
const words = document.body.dataset;

let timer = 0;
let lastUndo = null;

function announce(message) {
  announcer.textContent = "";
  requestAnimationFrame(() => {
    announcer.textContent = message;
  });
}

function show({ message, level = "success", undo = "", action = "", retry = null }) {
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.dataset.tone = level;
  toast.querySelector("[data-toast-text]").textContent = message;
  toast.querySelector("[data-toast-ok]").hidden = level === "error";
  toast.querySelector("[data-toast-error]").hidden = level !== "error";
  const button = toast.querySelector("[data-toast-undo]");
  button.hidden = !undo && !retry;
  if (undo) {
    toast.dataset.undoUrl = undo;
  } else if (retry) {
    button.querySelector("[data-toast-action-text]").textContent = action || words.textRetry;
    button.querySelector("kbd")?.remove();
    button.addEventListener("click", () => {
      close(toast);
      retry();
    });
  }
  region.replaceChildren(toast);
  present(toast);
}

function present(toast) {
  if (region.matches(":popover-open")) {
    region.hidePopover();
  }
  region.showPopover();
  announce(toast.querySelector("[data-toast-text]").textContent.trim());
  if (toast.dataset.undoUrl) {
    lastUndo = { url: toast.dataset.undoUrl, until: Date.now() + UNDO_LASTS };
  }
  wait(toast);
}

function wait(toast) {
  clearTimeout(timer);
  if (toast.dataset.tone !== "error") {
    timer = setTimeout(() => close(toast), STAYS);
  }
}

function close(toast) {
  if (!toast.isConnected) {
    return;
  }
  if (document.hidden || region.matches(":hover, :focus-within")) {
    wait(toast);
    return;
  }
  toast.remove();
  region.hidePopover();
}

function dismiss() {
  region.contains(document.activeElement) && document.activeElement.blur();
  region.replaceChildren();
  region.matches(":popover-open") && region.hidePopover();
}

async function undo(url) {
  lastUndo = null;
  dismiss();
  const headers = JSON.parse(document.body.getAttribute("hx-headers") || "{}");
  try {
    const answer = await fetch(url, { method: "POST", headers: { ...headers, "HX-Request": "true" } });
    const said = answer.headers.get("HX-Trigger");
    const events = said?.startsWith("{") ? JSON.parse(said) : {};
    for (const [name, detail] of Object.entries(events)) {
      document.dispatchEvent(new CustomEvent(name, { detail: typeof detail === "string" ? { value: detail } : detail }));
    }
    if (!answer.ok) {
      events.toast || show({ message: words.textError, level: "error" });
      return;
    }
    sessionStorage.setItem("toast-after-reload", JSON.stringify(events.toast ?? { message: words.textRestored }));
    location.reload();
  } catch {
    show({ message: words.textError, level: "error", retry: () => undo(url) });
  }
}

document.addEventListener("toast", (event) => show(typeof event.detail === "string" ? { message: event.detail } : { ...event.detail, message: event.detail.message ?? event.detail.value }));
document.addEventListener("announce", (event) => announce(event.detail.message ?? event.detail.value));
document.addEventListener("kontor:undo", () => lastUndo && lastUndo.until > Date.now() && undo(lastUndo.url));

region.addEventListener("click", (event) => {
  if (event.target.closest("[data-toast-close]")) {
    dismiss();
  } else if (event.target.closest("[data-toast-undo]")) {
    const url = event.target.closest("[data-toast]").dataset.undoUrl;
    url && undo(url);
  }
});
region.addEventListener("keydown", (event) => event.key === "Escape" && dismiss());
// A modal dialog opened later lies above everything shown before it.
document.addEventListener("toggle", (event) => event.target.tagName === "DIALOG" && region.firstElementChild && present(region.firstElementChild), true);

// A request that never arrived, or a fault of the server: nothing was saved, and the person can try again.
document.body.addEventListener("htmx:sendError", (event) => failed(event));
document.body.addEventListener("htmx:timeout", (event) => failed(event));
document.body.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  if (xhr.status >= 500 && !xhr.getResponseHeader("HX-Trigger")) {
    failed(event);
  }
});

function failed(event) {
  const { elt, requestConfig } = event.detail;
  if (requestConfig?.verb === "get" && !elt.matches("a, button, form")) {
    return;
  }
  show({
    message: words.textError,
    level: "error",
    retry: elt.isConnected ? () => (elt.matches("form") ? elt.requestSubmit() : elt.click()) : null,
  });
}

const offline = document.getElementById("offline-banner");
const connection = () => {
  offline.hidden = navigator.onLine;
};
addEventListener("online", connection);
addEventListener("offline", connection);
connection();
document.addEventListener("kontor:signed-out", () => {
  document.getElementById("signed-out-banner").hidden = false;
});

const kept = sessionStorage.getItem("toast-after-reload");
sessionStorage.removeItem("toast-after-reload");
const [fromServer] = [...region.querySelectorAll("[data-toast]")].slice(-1);
if (kept) {
  show(JSON.parse(kept));
} else if (fromServer) {
  region.replaceChildren(fromServer);
  present(fromServer);
}
