// The board keeps up with changes by others, and on a phone the chip of the column in sight is lit.
//
//   [data-changes-waiting]   hidden button; shows how many changes wait while the person drags or edits
//   data-text-change="1 change", data-text-changes="{count} changes" on the board
// HX-Trigger "kontor:board-changed" (a dialog that won, lost or moved a deal) loads the board again.

const FRESH_FOR = 4000;
const CARD = "[data-card]";
const COLUMN = "[data-column]";

// With many people at work, a board asks now and then instead of after each of their changes.
const PAUSE = 10_000;
const soonest = () => 500 + Math.random() * 2000;

// What others did counts as waiting; the echo of the person's own changes only makes the board ask again.
const ECHO = 3000;

let waiting = 0;
let stale = false;
let acted = 0;
let timer = 0;
let asked = 0;
let watched = null;

const board = () => document.querySelector("[data-board]");
const columns = () => [...board().querySelectorAll(COLUMN)];
const listOf = (column) => column.querySelector("[data-cards]");
const moving = () => board().hasAttribute("data-occupied");
const occupied = () => moving() || document.querySelector(".quick-add, dialog[open], #move-menu:popover-open");

addEventListener("kontor:changed", (event) => {
  if (board() && (event.detail.kind ?? "deal") === "deal") {
    waiting += Date.now() - acted > ECHO;
    becomeStale();
  }
});
// Something happened between the making of the board and the beginning of the stream.
addEventListener("kontor:mark", (event) => {
  board() && board().dataset.mark !== event.detail.mark && becomeStale();
});
// Told by an answer to the person herself: only a card on its way makes it wait.
document.addEventListener("kontor:board-changed", () => {
  stale = true;
  board() && !moving() && refresh();
});
document.addEventListener("click", (event) => event.target.closest("[data-changes-waiting]") && refresh());
document.addEventListener("kontor:board-settled", catchUp);
document.addEventListener("toggle", () => setTimeout(catchUp), true);
document.addEventListener("visibilitychange", catchUp);
document.addEventListener("htmx:afterSettle", catchUp);
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!asksForBoard(event)) {
    return;
  }
  if (moving()) {
    event.detail.shouldSwap = false;
    stale = true;
  } else if (asked < acted) {
    // Made before the person's own change was: it would show that undone.
    event.detail.shouldSwap = false;
    asked = 0;
    becomeStale();
  }
});
document.addEventListener("htmx:beforeRequest", note);
document.addEventListener("htmx:beforeOnLoad", (event) => event.detail.requestConfig.verb !== "get" && note(event));

function asksForBoard({ detail }) {
  return detail.target.id === "board-region" && detail.requestConfig.verb === "get";
}

function note(event) {
  if (event.detail.requestConfig.verb !== "get") {
    acted = Date.now();
  } else if (asksForBoard(event)) {
    asked = Date.now();
  }
}

function becomeStale() {
  stale = true;
  showWaiting();
  timer ||= setTimeout(look, Math.max(soonest(), asked + PAUSE - Date.now()));
}

function look() {
  timer = 0;
  catchUp();
}

function catchUp() {
  if (board()) {
    stale && !timer && !document.hidden && !occupied() ? refresh() : showWaiting();
  }
}

function showWaiting() {
  const chip = document.querySelector("[data-changes-waiting]");
  if (chip) {
    chip.hidden = !waiting || !occupied();
    const { textChange, textChanges } = board().dataset;
    chip.textContent = (waiting === 1 ? textChange : textChanges).replace("{count}", waiting);
  }
}

async function refresh() {
  waiting = 0;
  stale = false;
  asked = Date.now();
  showWaiting();
  const versions = new Map([...board().querySelectorAll(CARD)].map((card) => [card.id, card.dataset.version]));
  const focused = document.activeElement?.closest(CARD)?.id;
  const places = new Map(columns().map((column) => [column.id, listOf(column).scrollTop]));
  const { scrollLeft } = board();
  await htmx.ajax("GET", location.pathname + location.search, { target: "#board-region", swap: "outerHTML" });
  board().scrollLeft = scrollLeft;
  for (const column of columns()) {
    listOf(column).scrollTop = places.get(column.id) ?? 0;
  }
  for (const card of board().querySelectorAll(CARD)) {
    if (versions.get(card.id) !== card.dataset.version) {
      card.classList.add("is-fresh");
      setTimeout(() => card.classList.remove("is-fresh"), FRESH_FOR);
    }
  }
  const again = focused && document.getElementById(focused)?.querySelector(".deal-card-link");
  again?.focus({ preventScroll: true });
}

// ---- phones

function watchColumns() {
  const chips = [...document.querySelectorAll(".stage-chips a")];
  if (!chips.length || watched === board()) {
    return;
  }
  watched = board();
  const light = (column) => {
    for (const chip of chips) {
      const current = chip.hash === `#${column.id}`;
      current ? chip.setAttribute("aria-current", "true") : chip.removeAttribute("aria-current");
      current && chip.parentElement.scrollTo({ left: chip.offsetLeft - chip.parentElement.clientWidth / 2 + chip.offsetWidth / 2 });
    }
  };
  const seen = new IntersectionObserver((entries) => {
    const inSight = entries.find((entry) => entry.isIntersecting);
    inSight && light(inSight.target);
  }, { root: watched, threshold: 0.6 });
  columns().forEach((column) => seen.observe(column));
}

document.addEventListener("click", (event) => {
  const chip = event.target.closest(".stage-chips a");
  const column = chip && document.querySelector(chip.hash);
  if (column) {
    event.preventDefault();
    column.scrollIntoView({ inline: "start", block: "nearest" });
  }
});

document.addEventListener("htmx:afterSettle", watchColumns);
watchColumns();
