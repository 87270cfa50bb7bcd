// The deal board: drag and drop, the move menu, roving focus, optimistic moves. Changes by others: board-live.js.
// Loaded by the board page after 'js/sortable.min.js'. Everything it does, links and forms of the page do as well.
//
// The page provides:
//   <div class="board" id="board" data-board data-currency="EUR"
//        data-text-move="Move to {stage}" data-text-weighted="Weighted {before} → {after}"
//        data-text-moved="{deal} moved to {stage}, {position} of {count}" data-text-failed="Not moved"
//        data-text-change="1 change" data-text-changes="{count} changes">
//     <section class="board-column" id="column-3" data-column data-stage-id="3" data-stage-name="Proposal" data-probability="0.6">
//       <header …>  optional, changed at once while a move is on its way:
//                   [data-count data-amount="4"], [data-total data-amount="250300"], [data-weighted data-amount="150180"]
//       <ol class="board-cards" data-cards>
//         <li class="deal-card" id="deal-7" data-card data-deal-id="7" data-version="3" data-move-url="/deals/7/move/"
//             data-value="71500" data-name="Voss Maschinenbau" [data-own-probability="0.8"]>
//           <a class="deal-card-link" draggable="false" href="/deals/7/">, <a class="deal-card-move" data-move-open href="…">
//   <div class="drop-bar" data-drop-bar hidden> [data-drop-outcome="won|lost"][data-url="/deals/0/win/"]  0 stands for the deal
//   <div popover class="popover menu is-sheet" id="move-menu"> buttons [data-move-to="3"], [data-move-outcome="won|lost"]
//   <nav class="stage-chips"><a href="#column-3">  phones; the chip of the column in sight is aria-current
//
// A move posts `stage` and `version` to data-move-url. The answer is the card (swapped in place of the old one) with
// both column headers out of band. 409 and 422 put the card back; with HX-Retarget: #dialog they ask (stage needs
// information, somebody moved it). A dialog that succeeded sends HX-Trigger "kontor:board-changed".

const CARD = "[data-card]";
const COLUMN = "[data-column]";

let board = null;
let sortables = [];
let drag = null;
const moves = new Map();

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const amount = (value) => new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: board.dataset.currency || "EUR", maximumFractionDigits: 0 }).format(value);
const columns = () => [...board.querySelectorAll(COLUMN)];
const cardsOf = (column) => [...column.querySelectorAll(CARD)];
const linkOf = (card) => card?.querySelector(".deal-card-link");
const menu = () => document.getElementById("move-menu");

function start() {
  const found = document.querySelector("[data-board]");
  if (!found || found === board) {
    return;
  }
  board = found;
  sortables.forEach((sortable) => sortable.destroy());
  sortables = [...board.querySelectorAll("[data-cards]")].map(sortable);
  board.addEventListener("keydown", arrows);
  board.addEventListener("kontor:key", keys);
  board.addEventListener("focusin", (event) => rove(event.target.closest(CARD)));
  rove(board.querySelector(CARD));
}

// ---- dragging

function sortable(list) {
  return new Sortable(list, {
    group: "board",
    sort: false,
    draggable: CARD,
    delay: 220,
    delayOnTouchOnly: true,
    touchStartThreshold: 4,
    forceFallback: true,
    fallbackOnBody: true,
    fallbackTolerance: 4,
    fallbackClass: "is-lifted",
    ghostClass: "is-ghost",
    filter: "button, input, .deal-card-move, .is-pending",
    preventOnFilter: false,
    onMove: () => false,
    onStart: ({ item }) => begin(item),
    onEnd: () => end(),
  });
}

// While a card is lifted or on its way, nothing else may change the board (board-live.js waits for it).
function settle() {
  board.toggleAttribute("data-occupied", Boolean(drag || moves.size));
  document.dispatchEvent(new CustomEvent("kontor:board-settled"));
}

function begin(card) {
  drag = { card, from: card.closest(COLUMN), target: null, hint: null };
  settle();
  document.querySelectorAll("[data-drop-bar]").forEach((bar) => {
    bar.hidden = false;
  });
  addEventListener("pointermove", follow, true);
  addEventListener("touchmove", follow, { capture: true, passive: true });
  addEventListener("keydown", abandon, true);
}

function follow(event) {
  const { clientX, clientY } = event.touches?.[0] ?? event;
  const under = document.elementFromPoint(clientX, clientY);
  const target = under?.closest("[data-drop-outcome]") ?? under?.closest(COLUMN);
  if (target === drag.target) {
    return;
  }
  drag.target?.classList.remove("is-target");
  drag.hint?.remove();
  drag.hint = null;
  drag.target = target;
  if (!target || target === drag.from) {
    return;
  }
  target.classList.add("is-target");
  if (target.matches(COLUMN)) {
    drag.hint = hintFor(drag.card, target);
    target.querySelector("[data-cards]").prepend(drag.hint);
  }
}

function hintFor(card, column) {
  const hint = document.createElement("li");
  hint.className = "drop-hint";
  const title = document.createElement("b");
  title.textContent = fill(board.dataset.textMove, { stage: column.dataset.stageName });
  hint.append(title);
  if (card.dataset.value) {
    const effect = document.createElement("span");
    effect.textContent = fill(board.dataset.textWeighted, { before: amount(weighted(card, card.closest(COLUMN))), after: amount(weighted(card, column)) });
    hint.append(effect);
  }
  return hint;
}

const weighted = (card, column) => Number(card.dataset.value || 0) * Number(card.dataset.ownProbability ?? column.dataset.probability ?? 0);

function abandon(event) {
  if (event.key === "Escape" && drag) {
    event.preventDefault();
    event.stopPropagation();
    drag.abandoned = true;
    for (const name of ["pointerup", "mouseup", "touchend"]) {
      document.dispatchEvent(new Event(name, { bubbles: true }));
    }
  }
}

function end() {
  const { card, from, target, hint, abandoned } = drag;
  drag = null;
  removeEventListener("pointermove", follow, true);
  removeEventListener("touchmove", follow, true);
  removeEventListener("keydown", abandon, true);
  hint?.remove();
  target?.classList.remove("is-target");
  document.querySelectorAll("[data-drop-bar]").forEach((bar) => {
    bar.hidden = true;
  });
  if (!abandoned && target && target !== from) {
    target.matches(COLUMN) ? move(card, target) : close(card, target.dataset.dropOutcome);
  }
  settle();
}

// ---- moving

function move(card, column) {
  const from = card.closest(COLUMN);
  if (!column || column === from || card.classList.contains("is-pending")) {
    return;
  }
  const url = card.dataset.moveUrl;
  moves.set(url, { id: card.id, column, from, next: card.nextElementSibling });
  settle();
  account(card, from, column);
  card.classList.remove("is-failed");
  card.querySelector(".deal-card-error")?.remove();
  card.classList.add("is-pending");
  column.querySelector("[data-cards]").prepend(card);
  linkOf(card)?.focus({ preventScroll: true });
  htmx.ajax("POST", url, { source: card, target: card, swap: "outerHTML", values: { stage: column.dataset.stageId, version: card.dataset.version } });
}

// Counts and totals change at once; the server's answer replaces them.
function account(card, from, to) {
  const value = Number(card.dataset.value || 0);
  const changes = [[from, -1, weighted(card, from)], [to, 1, weighted(card, to)]];
  for (const [column, sign, share] of changes) {
    add(column.querySelector("[data-count]"), sign, String);
    add(column.querySelector("[data-total]"), sign * value, amount);
    add(column.querySelector("[data-weighted]"), sign * share, amount);
  }
}

function add(element, change, print) {
  if (element?.dataset.amount) {
    element.dataset.amount = Number(element.dataset.amount) + change;
    element.textContent = print(Number(element.dataset.amount));
    element.classList.add("is-changed");
    element.addEventListener("animationend", () => element.classList.remove("is-changed"), { once: true });
  }
}

document.addEventListener("htmx:afterRequest", (event) => {
  const url = event.detail.requestConfig?.path;
  const made = moves.get(url);
  if (!made) {
    return;
  }
  moves.delete(url);
  settle();
  const { xhr, successful } = event.detail;
  successful ? arrived(made) : putBack(made, xhr.getResponseHeader("HX-Retarget"));
});

function arrived({ id, column }) {
  const card = document.getElementById(id);
  const cards = cardsOf(column);
  linkOf(card)?.focus({ preventScroll: true });
  announce(fill(board.dataset.textMoved, { deal: card?.dataset.name ?? "", stage: column.dataset.stageName, position: cards.indexOf(card) + 1, count: cards.length }));
}

function putBack({ id, from, column, next }, asked) {
  const card = document.getElementById(id);
  if (!card) {
    return;
  }
  account(card, column, from);
  card.classList.remove("is-pending");
  from.querySelector("[data-cards]").insertBefore(card, next?.isConnected ? next : null);
  // A dialog asks: the stage wants to know something, or somebody else moved the deal. All else is said at the card.
  if (!asked) {
    card.classList.add("is-failed");
    const line = Object.assign(document.createElement("p"), { className: "deal-card-error", textContent: board.dataset.textFailed });
    card.querySelector(".next-step")?.before(line);
  }
  linkOf(card)?.focus({ preventScroll: true });
}

function close(card, outcome) {
  const zone = document.querySelector(`[data-drop-outcome="${outcome}"]`);
  if (zone) {
    linkOf(card)?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("kontor:open-dialog", { detail: { url: zone.dataset.url.replace("/0/", `/${card.dataset.dealId}/`) } }));
  }
}

const announce = (message) => document.dispatchEvent(new CustomEvent("announce", { detail: { message } }));

// A card that was moved here before its turn comes again with the further cards of the column.
function once() {
  const seen = new Set();
  for (const card of board?.querySelectorAll(CARD) ?? []) {
    seen.has(card.id) ? card.remove() : seen.add(card.id);
  }
}

// ---- keyboard and menu

function rove(card) {
  if (!card) {
    return;
  }
  const reachable = document.body.dataset.singleKeys === "off";
  for (const other of board.querySelectorAll(CARD)) {
    linkOf(other)?.setAttribute("tabindex", other === card ? "0" : "-1");
    other.querySelector("[data-move-open]")?.setAttribute("tabindex", other === card && reachable ? "0" : "-1");
  }
}

function arrows(event) {
  const card = event.target.closest(CARD);
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
  if (!card || event.ctrlKey || event.metaKey || event.altKey || !["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) {
    return;
  }
  event.preventDefault();
  const all = columns();
  const column = card.closest(COLUMN);
  if (step && event.shiftKey) {
    move(card, all[all.indexOf(column) + step]);
    return;
  }
  const cards = cardsOf(column);
  const at = cards.indexOf(card);
  const target = step ? sideways(all, column, at, step) : { ArrowUp: cards[at - 1], ArrowDown: cards[at + 1], Home: cards[0], End: cards.at(-1) }[event.key];
  linkOf(target)?.focus();
  target?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// The next column that has cards, at the same height.
function sideways(all, column, at, step) {
  for (let index = all.indexOf(column) + step; all[index]; index += step) {
    const cards = cardsOf(all[index]);
    if (cards.length) {
      return cards[Math.min(at, cards.length - 1)];
    }
  }
  return null;
}

function keys(event) {
  const card = event.target.closest(CARD);
  const column = event.target.closest(COLUMN);
  if (event.detail.key === "m" && card) {
    event.preventDefault();
    openMenu(card);
  } else if (event.detail.key === "a" && column) {
    event.preventDefault();
    column.querySelector("[data-quick-add]")?.click();
  }
}

function openMenu(card) {
  const list = menu();
  if (!list) {
    return;
  }
  list.dataset.for = card.id;
  list.anchorButton = card.querySelector("[data-move-open]") ?? linkOf(card);
  const { stageId } = card.closest(COLUMN).dataset;
  for (const item of list.querySelectorAll("[data-move-to]")) {
    const current = item.dataset.moveTo === stageId;
    item.setAttribute("aria-current", String(current));
    current || item.removeAttribute("aria-current");
  }
  list.showPopover();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-move-open]");
  const card = opener?.closest(CARD);
  if (card && menu() && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    openMenu(card);
  }
  const item = event.target.closest("#move-menu [data-move-to], #move-menu [data-move-outcome]");
  item && choose(item);
});

function choose(item) {
  const list = menu();
  const card = document.getElementById(list.dataset.for);
  list.hidePopover();
  if (!card) {
    return;
  }
  linkOf(card)?.focus();
  const { moveTo, moveOutcome } = item.dataset;
  moveTo ? move(card, board.querySelector(`[data-stage-id="${moveTo}"]`)) : close(card, moveOutcome);
}

document.addEventListener("keydown", (event) => {
  const list = document.querySelector("#move-menu:popover-open");
  if (!list || event.ctrlKey || event.metaKey) {
    return;
  }
  const stages = list.querySelectorAll("[data-move-to]");
  const outcome = { w: "won", x: "lost" }[event.key.toLowerCase()];
  const item = /^[1-9]$/.test(event.key) ? stages[Number(event.key) - 1] : outcome && list.querySelector(`[data-move-outcome="${outcome}"]`);
  if (item) {
    event.preventDefault();
    choose(item);
  }
}, true);

// Esc and the cross leave quick add and return to its button.
function leaveQuickAdd(event, form) {
  event.preventDefault();
  const column = form.closest(COLUMN);
  form.parentElement.hidden = true;
  form.remove();
  column.querySelector("[data-quick-add]").focus();
  settle();
}
document.addEventListener("keydown", (event) => {
  const form = event.key === "Escape" && event.target.closest?.(".quick-add");
  form && leaveQuickAdd(event, form);
});
document.addEventListener("click", (event) => {
  const close = event.target.closest("[data-quick-add-close]");
  close && leaveQuickAdd(event, close.form);
});

document.addEventListener("htmx:afterSettle", () => {
  start();
  once();
  board?.isConnected && rove(document.activeElement.closest(CARD) ?? board.querySelector(`${CARD} [tabindex="0"]`)?.closest(CARD) ?? board.querySelector(CARD));
});
start();
