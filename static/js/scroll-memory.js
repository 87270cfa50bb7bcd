// Going back to a list finds it where it was left: scroll position and the last opened row, per address.

const key = `scroll:${location.pathname}${location.search}`;
const main = document.getElementById("main");

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

addEventListener("pagehide", () => {
  const row = document.querySelector("[data-row].is-current, [data-row]:focus-within")?.id;
  sessionStorage.setItem(key, JSON.stringify({ top: main.scrollTop, row }));
});

const [entry] = performance.getEntriesByType("navigation");
const kept = read();
if (kept && (entry?.type === "back_forward" || entry?.type === "reload")) {
  main.scrollTop = kept.top;
  kept.row && document.getElementById(kept.row)?.classList.add("is-current");
}
