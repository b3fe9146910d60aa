// A live session while it runs: the cards follow the host, times are told in the reader's own zone, and a recording
// says which product is on. Without this script a page of the cards renews itself.

const page = document.querySelector("[data-live]");
const TOLD = { weekday: "short", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };

for (const time of document.querySelectorAll("[data-local-time]")) {
  const at = new Date(time.dateTime);
  time.title = time.textContent;
  time.textContent = at.toLocaleString(document.documentElement.lang, TOLD);
}

async function renew() {
  const answer = await fetch(page.dataset.cards, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const state = fresh.querySelector("[data-live]");
  const now = fresh.querySelector("[data-live-now]");
  if (!state || !now) return;
  if (state.dataset.live !== page.dataset.live && state.dataset.live !== "ended") {
    location.reload();
    return;
  }
  page.dataset.version = state.dataset.version;
  const here = page.querySelector("[data-live-now]");
  const pinned = here.querySelector("[data-pinned]");
  const next = now.querySelector("[data-pinned]");
  if (pinned && next && pinned.innerHTML === next.innerHTML) next.replaceWith(pinned);
  // The region that is read out stays the same element, or nothing would be read.
  else if (pinned && next) {
    pinned.replaceChildren(...next.childNodes);
    next.replaceWith(pinned);
  }
  here.replaceChildren(...now.childNodes);
  if (state.dataset.live === "ended") {
    page.dataset.live = "ended";
    page.querySelector(".live-state").replaceWith(fresh.querySelector(".live-state"));
    source?.close();
  }
}

let source = null;
if (page?.dataset.events) {
  source = new EventSource(page.dataset.events);
  let running = Promise.resolve();
  source.addEventListener("version", (event) => {
    if (event.data === page.dataset.version) return;
    running = running.then(() => (event.data === page.dataset.version ? undefined : renew())).catch(() => {});
  });
  addEventListener("pagehide", () => source.close());
}

// A recording of our own: a time leads to its place, and the product that is on is marked.
const video = document.querySelector("[data-live-video]");
if (video) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-seek]");
    if (!link) return;
    event.preventDefault();
    video.currentTime = Number(link.dataset.seek);
    video.play().catch(() => {});
    video.scrollIntoView({ block: "nearest" });
  });
  const moments = [...document.querySelectorAll(".live-moments [data-second]")];
  const told = document.querySelector("[data-now-playing]");
  let on = null;
  video.addEventListener("timeupdate", () => {
    const present = moments.filter((moment) => Number(moment.dataset.second) <= video.currentTime).pop() ?? null;
    if (present === on) return;
    on?.removeAttribute("aria-current");
    present?.setAttribute("aria-current", "true");
    if (told) told.textContent = present ? present.lastElementChild.textContent : "";
    on = present;
  });
}
