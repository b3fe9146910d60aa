// Every page. Nothing here is needed to read, search or buy; it only saves page loads.

const seen = "cart"; // in localStorage once something has been in the cart, so that others are not asked about it
const link = document.querySelector("[data-cart-link]");
const badge = document.querySelector("[data-cart-count]");
const toast = document.querySelector("[data-toast]");
let toastTimer = 0;

// On a phone the rooms of the studio and the desk are a line that scrolls: the present one comes into sight.
const room = document.querySelector(".side-nav [aria-current]");
const rooms = room?.closest(".side-nav");
if (rooms) rooms.scrollLeft = room.offsetLeft - (rooms.clientWidth - room.offsetWidth) / 2;

function remember(count) {
  try {
    if (count === undefined) return localStorage.getItem(seen) !== null;
    localStorage.setItem(seen, String(count));
  } catch {
    // Storage may be forbidden; then every page asks.
  }
  return true;
}

function showCount(count) {
  if (!badge || !Number.isInteger(count)) return;
  badge.textContent = count > 99 ? "99+" : String(count);
  badge.hidden = count === 0;
  remember(count);
}

async function readCount() {
  const answer = await fetch("/session.json", { headers: { Accept: "application/json" } });
  if (answer.ok) showCount((await answer.json()).cart);
}

function say(text, withLink) {
  if (!toast) return;
  toast.querySelector("[data-toast-text]").textContent = text;
  toast.querySelector("[data-toast-link]").hidden = !withLink;
  toast.classList.add("toast-on");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => toast.classList.remove("toast-on"), 6000);
}

async function addToCart(form, button) {
  let answer;
  try {
    answer = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams(new FormData(form)),
    });
  } catch {
    form.submit(); // offline or blocked: the browser's own way shows its own error
    return;
  }
  const isJson = (answer.headers.get("Content-Type") || "").includes("json");
  const told = isJson ? await answer.json() : {};
  if (answer.ok) {
    if (Number.isInteger(told.cart)) showCount(told.cart);
    else await readCount();
    say(told.message || toast.dataset.sayAdded, true);
  } else {
    say(told.error || told.message || toast.dataset.sayFailed, false);
  }
  button?.focus();
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const button = event.submitter;
  if (button?.dataset.confirm && !confirm(button.dataset.confirm)) {
    event.preventDefault();
    return;
  }
  if (form.dataset.busy) {
    event.preventDefault(); // the second click of a double click
    return;
  }
  form.dataset.busy = "1";
  button?.setAttribute("aria-busy", "true");
  const rest = () => {
    delete form.dataset.busy;
    button?.removeAttribute("aria-busy");
  };
  if ("add" in form.dataset) {
    event.preventDefault();
    await addToCart(form, button);
    rest();
  } else {
    setTimeout(rest, 5000);
  }
});

// Menus close by Escape and by a click elsewhere.
const closeMenus = (except) => {
  for (const menu of document.querySelectorAll("[data-menu][open]")) if (menu !== except) menu.open = false;
};
document.addEventListener("click", (event) => closeMenus(event.target.closest("[data-menu]")));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// The answer to a form takes the address of the form's page: going back to it or loading it again sends nothing.
const formPage = document.body.dataset.formPage;
if (formPage) history.replaceState(history.state, "", formPage);

// Coming back by the back button shows a kept page: free its forms.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("[data-busy]")) delete form.dataset.busy;
});

// Which result of a search is opened, for the editors' report: the words, the address and its place on the page.
const results = location.pathname === "/search" ? document.querySelectorAll("main .hit") : [];
for (const [place, result] of results.entries()) {
  result.addEventListener("click", (event) => {
    const opened = event.target.closest("a[href]");
    if (!opened) return;
    const asked = new URLSearchParams(location.search);
    const page = Math.max(1, Number.parseInt(asked.get("page"), 10) || 1);
    const rank = (page - 1) * 20 + place + 1;
    const body = new URLSearchParams({ q: asked.get("q") || "", to: opened.pathname, rank });
    fetch("/search/picks", { method: "POST", body, keepalive: true }).catch(() => {});
  });
}

// A code is copied by a press where the browser can; it can always be selected.
for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.parentElement.querySelector("[data-copy-text]").textContent);
    say(button.dataset.say, false);
  });
}

const shopping = /^\/(cart|checkout|orders?)(\/|$)/.test(location.pathname);
if (link && (shopping || document.querySelector("[data-menu]") || remember())) readCount().catch(() => {});

// A version with a picture of its own shows it while it is chosen; the pictures stand on the page in any case.
const leading = document.querySelector(".product-picture")?.firstElementChild;
document.addEventListener("change", (event) => {
  if (!leading || !event.target.matches(".product-offers select[name=variant]")) return;
  const chosen = document.querySelector(`figure[data-variants~="${CSS.escape(event.target.value)}"] > img`);
  const shown = (chosen ?? leading).cloneNode(true);
  shown.loading = "eager";
  document.querySelector(".product-picture").replaceChildren(shown);
});
// The code for suggestions is fetched when somebody turns to a search box.
for (const form of document.querySelectorAll("form[data-suggest]")) {
  form.addEventListener("focusin", async () => (await import(form.dataset.suggest)).suggestFor(form), { once: true });
}
