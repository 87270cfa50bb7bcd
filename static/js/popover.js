// Places popovers at their button, keeps aria-expanded, and moves with the arrow keys inside menus.
//
// <button popovertarget="id"> and <div popover class="popover menu|definition" id="id">. Without script the browser
// shows the popover in the middle, and everything in it works.

const GAP = 4;
const EDGE = 8;

function place(popover, button) {
  if (getComputedStyle(popover).insetBlockEnd === "0px" && matchMedia("(width <= 47.5em)").matches && popover.classList.contains("is-sheet")) {
    return;
  }
  const anchor = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const endAligned = anchor.left + anchor.width / 2 > innerWidth / 2;
  const x = endAligned ? anchor.right - width : anchor.left;
  const below = anchor.bottom + GAP;
  const y = below + height > innerHeight - EDGE && anchor.top - GAP - height > EDGE ? anchor.top - GAP - height : below;
  popover.style.left = `${Math.max(EDGE, Math.min(x, innerWidth - width - EDGE))}px`;
  popover.style.top = `${Math.max(EDGE, Math.min(y, innerHeight - height - EDGE))}px`;
}

function buttonOf(popover) {
  const buttons = [...document.querySelectorAll(`[popovertarget="${CSS.escape(popover.id)}"]`)];
  return buttons.find((button) => button === lastPressed) ?? buttons.find((button) => button.offsetParent) ?? buttons[0];
}

let lastPressed = null;
document.addEventListener("pointerdown", (event) => {
  lastPressed = event.target.closest("[popovertarget]") ?? lastPressed;
}, true);
document.addEventListener("keydown", (event) => {
  lastPressed = event.target.closest("[popovertarget]") ?? lastPressed;
}, true);

document.addEventListener("toggle", (event) => {
  const popover = event.target;
  if (!popover.matches?.("[popover]:not(#toast)")) {
    return;
  }
  const button = popover.anchorButton ?? buttonOf(popover);
  const open = event.newState === "open";
  button?.setAttribute("aria-expanded", String(open));
  if (open && button) {
    place(popover, button);
    if (popover.classList.contains("menu")) {
      items(popover)[0]?.focus();
    }
  }
}, true);

function items(popover) {
  return [...popover.querySelectorAll(".menu-item:not([disabled])")].filter((item) => item.offsetParent);
}

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(".menu:popover-open");
  if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key) || event.target.matches("input")) {
    return;
  }
  event.preventDefault();
  const all = items(menu);
  const at = all.indexOf(event.target.closest(".menu-item"));
  const next = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
  all[next]?.focus();
});

// Definitions also open while the pointer rests on their button; Esc and leaving close them.
let hoverTimer = 0;
document.addEventListener("pointerover", (event) => {
  const button = event.target.closest("[data-definition]");
  if (!button || event.pointerType !== "mouse") {
    return;
  }
  clearTimeout(hoverTimer);
  hoverTimer = setTimeout(() => {
    const popover = document.getElementById(button.getAttribute("popovertarget"));
    if (!popover.matches(":popover-open")) {
      lastPressed = button;
      popover.dataset.byHover = "true";
      popover.showPopover();
    }
  }, 250);
});
document.addEventListener("pointerout", (event) => {
  const button = event.target.closest("[data-definition]");
  const popover = button ? document.getElementById(button.getAttribute("popovertarget")) : event.target.closest(".definition");
  if (!popover) {
    return;
  }
  clearTimeout(hoverTimer);
  setTimeout(() => {
    if (popover.dataset.byHover && popover.matches(":popover-open") && !popover.matches(":hover") && !button?.matches(":hover")) {
      delete popover.dataset.byHover;
      popover.hidePopover();
    }
  }, 200);
});
