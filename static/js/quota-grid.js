// The quota grid: arrows, Enter and Tab move, typing replaces, Esc restores, leaving a changed cell saves it.
// A block pasted into a cell opens the form that shows what it would change. Without this script the cells are
// locked and the names open a form with the months of a line.
//
//   <table data-quota-grid data-paste-url="…" data-text-history="History of {name}, {month}">
//     <thead> th[data-month="2026-03"][data-name="March 2026"]
//     <tr data-line="user-7-3" data-url="…"> td.quota-cell > input[readonly], its name is what the server reads
//
// The answer to a saved cell is the cell, with its sums out of band.

const grid = document.querySelector("[data-quota-grid]");
const wide = matchMedia("(width > 47.5em)");
const link = document.getElementById("quota-history");
const cellOf = (element) => element.closest?.(".quota-cell > input");

function unlock() {
  grid.querySelectorAll(".quota-cell > input").forEach((input) => (input.readOnly = !wide.matches));
}

function beside(input, step) {
  const inputs = [...input.closest("tr").querySelectorAll(".quota-cell > input")];
  return inputs[inputs.indexOf(input) + step];
}

function below(input, step) {
  const { cellIndex } = input.parentElement;
  let row = input.closest("tr");
  do {
    row = step > 0 ? row.nextElementSibling : row.previousElementSibling;
  } while (row && !row.cells[cellIndex].querySelector("input"));
  return row?.cells[cellIndex].querySelector("input");
}

const atEdge = (input, step) => {
  const { selectionStart: start, selectionEnd: end, value } = input;
  return end - start === value.length || (start === end && start === (step > 0 ? value.length : 0));
};

function target(event, input) {
  switch (event.key) {
    case "Enter":
      return below(input, event.shiftKey ? -1 : 1) ?? input;
    case "ArrowDown":
      return below(input, 1);
    case "ArrowUp":
      return below(input, -1);
    case "ArrowRight":
      return atEdge(input, 1) && beside(input, 1);
    case "ArrowLeft":
      return atEdge(input, -1) && beside(input, -1);
  }
  return null;
}

grid.addEventListener("keydown", (event) => {
  const input = cellOf(event.target);
  if (!input || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) {
    return;
  }
  if (event.key === "Escape") {
    input.value = input.defaultValue;
    input.select();
    return;
  }
  const next = target(event, input);
  if (!next) {
    return;
  }
  event.preventDefault();
  if (next === input) {
    input.blur();
  }
  next.focus();
});

grid.addEventListener("focusin", (event) => {
  const input = cellOf(event.target);
  if (!input || input.readOnly) {
    return;
  }
  input.select();
  const head = document.getElementById(input.getAttribute("aria-labelledby").split(" ")[1]);
  const row = input.closest("tr");
  const name = row.querySelector("th a").textContent;
  link.hidden = false;
  link.href = `${row.dataset.url}?month=${head.dataset.month}`;
  link.lastElementChild.textContent = grid.dataset.textHistory.replace("{name}", name).replace("{month}", head.dataset.name);
});

grid.addEventListener("change", (event) => {
  const input = cellOf(event.target);
  if (input) {
    input.readOnly = true;
    const { url } = input.closest("tr").dataset;
    htmx.ajax("POST", url, { source: input, target: input, swap: "outerHTML" });
  }
});

// No answer: what was typed stays, marked, and can be saved again.
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  grid.addEventListener(name, (event) => {
    const input = cellOf(event.target);
    if (input) {
      input.readOnly = false;
      input.classList.add("is-failed");
    }
  });
}

grid.addEventListener("paste", (event) => {
  const input = cellOf(event.target);
  const text = event.clipboardData.getData("text/plain");
  if (!input || input.readOnly || !/[\t\n]/.test(text.trimEnd())) {
    return;
  }
  event.preventDefault();
  htmx.ajax("POST", grid.dataset.pasteUrl, { target: "#dialog", swap: "innerHTML", values: { text, start: input.id } });
});

wide.addEventListener("change", unlock);
unlock();
