// Hears from the server that something changed. The stream says only what kind of thing; the page fetches what its
// reader may see. Dispatches on window: `kontor:notification` and `kontor:changed`, both with the message as detail,
// and `kontor:mark` with the number of messages until the stream began: what came before, the page has not heard.
// Without a working stream the page asks once a minute.

const POLL = 60_000;
const token = document.querySelector("meta[name=live-token]")?.content;
const tell = (name, detail = {}) => dispatchEvent(new CustomEvent(name, { detail }));

let source = null;
let poll = 0;
let known = document.querySelector("meta[name=live-mark]")?.content;

function read(event) {
  try {
    return JSON.parse(event.data);
  } catch {
    return {};
  }
}

function listen() {
  source = new EventSource(`/events/stream/?token=${encodeURIComponent(token)}`);
  source.addEventListener("open", () => clearInterval(poll));
  source.addEventListener("notification", (event) => tell("kontor:notification", read(event)));
  source.addEventListener("changed", (event) => tell("kontor:changed", read(event)));
  source.addEventListener("mark", (event) => {
    const detail = read(event);
    tell("kontor:mark", detail);
    detail.mark !== known && tell("kontor:notification", { polled: true });
    known = undefined; // by the next stream, more has happened
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) {
      startPolling();
    }
  });
}

function startPolling() {
  clearInterval(poll);
  poll = setInterval(() => {
    if (!document.hidden) {
      tell("kontor:notification", { polled: true });
      tell("kontor:changed", { polled: true });
    }
  }, POLL);
}

if (token) {
  "EventSource" in window ? listen() : startPolling();
}
// A page kept in the browser's memory must not hold one of the few connections.
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => event.persisted && token && listen());

// The bell follows by itself: its address answers with the element.
addEventListener("kontor:notification", () => {
  const url = document.body.dataset.bellUrl;
  url && document.getElementById("bell") && htmx.ajax("GET", url, { target: "#bell", swap: "outerHTML" });
});
