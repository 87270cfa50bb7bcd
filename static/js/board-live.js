// The board keeps up with changes by others, and on a phone the chip of the column in sight is lit.
//
//   [data-changes-waiting]   hidden button; shows how many changes wait while the person drags or edits
//   data-text-changes="{count} changes" on the board
// HX-Trigger "kontor:board-changed" (a dialog that won, lost or moved a deal) loads the board again.

const FRESH_FOR = 4000;
const CARD = "[data-card]";
const COLUMN = "[data-column]";

let waiting = 0;
let watched = null;

const board = () => document.querySelector("[data-board]");
const columns = () => [...board().querySelectorAll(COLUMN)];
const listOf = (column) => column.querySelector("[data-cards]");
const occupied = () => board().hasAttribute("data-occupied") || document.querySelector(".quick-add, dialog[open], #move-menu:popover-open");

addEventListener("kontor:changed", (event) => {
  if (!board() || (event.detail.kind ?? "deal") !== "deal") {
    return;
  }
  if (occupied()) {
    waiting += 1;
    showWaiting();
  } else {
    refresh();
  }
});
document.addEventListener("kontor:board-changed", () => refresh());
document.addEventListener("kontor:board-settled", () => showWaiting());
document.addEventListener("click", (event) => event.target.closest("[data-changes-waiting]") && refresh());

function showWaiting() {
  const chip = document.querySelector("[data-changes-waiting]");
  if (chip) {
    chip.hidden = waiting === 0;
    chip.textContent = (board().dataset.textChanges ?? "{count}").replace("{count}", waiting);
  }
}

async function refresh() {
  waiting = 0;
  showWaiting();
  const versions = new Map([...board().querySelectorAll(CARD)].map((card) => [card.id, card.dataset.version]));
  const focused = document.activeElement?.closest(CARD)?.id;
  const places = new Map(columns().map((column) => [column.id, listOf(column).scrollTop]));
  const { scrollLeft } = board();
  await htmx.ajax("GET", location.pathname + location.search, { target: "#board", swap: "outerHTML" });
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
