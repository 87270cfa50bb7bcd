// Shortcuts. Single keys work only while no field has the focus, and can be switched off
// (<body data-single-keys="off">). A page takes part by marking elements, not by registering code:
//
//   data-key="n"            the key presses (or focuses, if it is a field) this element
//   data-rows               a list whose children [data-row] are walked with J, K and the arrows (one is .is-current)
//   data-row-key="e"        inside the current row, the key presses this element; Enter opens [data-row-open]
// Anything else listens to `kontor:key` on the focused element and calls preventDefault() when it took the key.

// G, then one of these keys.
const GO = { t: "/today/", p: "/pipeline/", d: "/deals/", c: "/companies/", a: "/activities/", b: "/dashboard/", n: "/notifications/" };
const GO_WAITS = 1200;

let waitingForPlace = 0;

const singleKeys = () => document.body.dataset.singleKeys !== "off";
const typing = (element) => element.closest("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]");
const visible = (element) => element.offsetParent !== null;
// Where brackets are typed with Alt, as on German keyboards.
const typedWithAlt = (event) => event.altKey && !event.metaKey && /[[\]]/.test(event.key);

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) {
    return;
  }
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key.toLowerCase() === "k") {
    press(event, document.querySelector("[data-palette-open]"));
  } else if (command && event.key === "Enter") {
    const form = event.target.closest("form");
    form && (event.preventDefault(), form.requestSubmit());
  } else if (event.key === "F6") {
    event.preventDefault();
    nextRegion(event.shiftKey ? -1 : 1);
  } else if (((!command && !event.altKey) || typedWithAlt(event)) && singleKeys() && !typing(event.target) && !document.querySelector("dialog:modal")) {
    single(event);
  }
});

function single(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (waitingForPlace && Date.now() - waitingForPlace < GO_WAITS) {
    waitingForPlace = 0;
    go(event, key);
    return;
  }
  waitingForPlace = 0;
  const taken = !event.target.dispatchEvent(new CustomEvent("kontor:key", { bubbles: true, cancelable: true, detail: { key, shift: event.shiftKey } }));
  if (taken) {
    event.preventDefault();
  } else if (rowKey(event, key)) {
    event.preventDefault();
  } else if (key === "g") {
    waitingForPlace = Date.now();
  } else if (key === "?") {
    event.preventDefault();
    openShortcuts();
  } else if (key === "z") {
    document.dispatchEvent(new CustomEvent("kontor:undo"));
  } else if (!event.shiftKey && /^[a-z[\]]$/.test(key)) {
    press(event, [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(visible));
  }
}

function press(event, element) {
  if (!element) {
    return;
  }
  event.preventDefault();
  element.matches("input, textarea, select") ? element.focus() : element.click();
}

function go(event, key) {
  const link = document.querySelector(`.nav-link[href^="${GO[key] ?? "none:"}"]`);
  const bell = key === "n" && document.querySelector("#bell a");
  press(event, link ?? bell);
}

function rowKey(event, key) {
  const list = document.querySelector("[data-rows]");
  const step = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[key];
  if (!list || (key.startsWith("Arrow") && !event.target.closest("[data-row]") && event.target !== document.body)) {
    return false;
  }
  const rows = [...list.querySelectorAll("[data-row]")].filter(visible);
  const at = rows.findIndex((row) => row.classList.contains("is-current"));
  if (step) {
    walk(rows, at, step);
    return rows.length > 0;
  }
  const row = event.target.closest("[data-row]") ?? rows[at];
  if (key === "Enter") {
    return event.target.closest("a, button") ? false : clicked(row?.querySelector("[data-row-open]"));
  }
  return clicked(row?.querySelector(`[data-row-key="${CSS.escape(key)}"]`));
}

function walk(rows, at, step) {
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1)];
  rows[at]?.classList.remove("is-current");
  next?.classList.add("is-current");
  next?.querySelector("[data-row-open]")?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function clicked(element) {
  element?.click();
  return Boolean(element);
}

function openShortcuts() {
  document.querySelectorAll(":popover-open:not(#toast)").forEach((popover) => popover.hidePopover());
  document.getElementById("shortcuts")?.showModal();
}
document.addEventListener("click", (event) => event.target.closest("[data-open-shortcuts]") && openShortcuts());
document.getElementById("shortcuts")?.addEventListener("click", (event) => event.target === event.currentTarget && event.currentTarget.close());

function nextRegion(step) {
  const toast = document.querySelector("#toast:popover-open");
  const regions = [document.querySelector(".rail"), document.querySelector(".top-bar"), document.getElementById("main"), document.querySelector("main aside"), toast].filter((region) => region && (visible(region) || region === toast));
  const at = regions.findLastIndex((region) => region.contains(document.activeElement));
  // A notice is what one most likely wants to reach.
  const target = toast && at !== regions.length - 1 && step > 0 ? toast : regions[(at + step + regions.length) % regions.length];
  const inside = target.querySelector("[aria-current], a[href], button:not([hidden]), input:not([type=hidden]), [tabindex='0']");
  (target.id === "main" ? target : [...target.querySelectorAll("button:not([hidden])")].find(() => target === toast) ?? inside ?? target).focus();
}

// Labels follow the platform.
if (/Mac|iPhone|iPad/.test(navigator.platform)) {
  document.querySelectorAll("kbd").forEach((key) => {
    key.textContent = key.textContent.replace(/^(Ctrl|Strg)\b/, "⌘");
  });
}
