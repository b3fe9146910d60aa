// The live preview: the server makes the very page that readers would get; here it only finds its place.

const { told, page, ask, later, say, lineStarts, Failed } = globalThis.studio;

const PAUSE = 350; // ms without a key before the page is made anew
const MOST = 1500; // ms of typing without a break

/** Lines of the text that surely have a counterpart on the page, in order, by kind. */
function landmarks(text) {
  const found = [];
  let fenced = false;
  text.split("\n").forEach((line, index) => {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    if (fenced) return;
    if (/^#{2,3} \S/.test(line)) found.push(["heading", index + 1]);
    else if (/^::card\[/.test(line)) found.push(["card", index + 1]);
    else if (/^:::item\[/.test(line)) found.push(["item", index + 1]);
  });
  return found;
}

const COUNTERPARTS = { heading: ".prose :is(h2, h3)[id]", card: ".prose .card", item: ".list-item" };

function setUpPreview(text, form, tell) {
  const pane = document.querySelector("[data-preview]");
  const status = pane.querySelector("[data-preview-say]");
  const first = status.textContent;
  const host = pane.querySelector("[data-preview-page]");
  // In a shadow tree the page's identifiers and forms are apart from those of the editor.
  const root = host.attachShadow({ mode: "open" });
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = told.siteStyle;
  const sheet = document.createElement("div");
  root.append(style, sheet);
  for (const kind of ["click", "submit"]) {
    root.addEventListener(kind, (event) => {
      if (event.composedPath().some((one) => one.matches?.("a[href], button, form, input, select"))) event.preventDefault();
    });
  }
  let asking = null;
  let on = false;

  async function make() {
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      const answer = await ask(page.dataset.live, fields(form), { signal: mine.signal });
      sheet.innerHTML = answer.html;
      status.textContent = first;
      tell(answer.problems);
      follow();
    } catch (failure) {
      if (failure.name === "AbortError") return;
      const errors = failure instanceof Failed && failure.answer?.errors;
      status.textContent = errors ? Object.values(errors).flat().join(" ") : say("failed");
    }
  }

  /** Bring what belongs to the line at the top of the window to the top of the preview. */
  function follow() {
    if (!on) return;
    const line = text.topLine();
    const seen = { heading: 0, card: 0, item: 0 };
    const every = Object.fromEntries(Object.entries(COUNTERPARTS).map(([kind, path]) => [kind, root.querySelectorAll(path)]));
    const places = [[1, 0]];
    const base = sheet.getBoundingClientRect().top;
    for (const [kind, number] of landmarks(text.value)) {
      const one = every[kind][seen[kind]++];
      if (one) places.push([number, one.getBoundingClientRect().top - base]);
    }
    places.push([lineStarts(text.value).length + 1, sheet.getBoundingClientRect().height]);
    places.sort((one, other) => one[0] - other[0]);
    const next = places.findIndex(([number]) => number > line);
    if (next < 1) return;
    const [[fromLine, fromTop], [toLine, toTop]] = [places[next - 1], places[next]];
    const share = (line - fromLine) / Math.max(1, toLine - fromLine);
    host.parentElement.scrollTop = fromTop + share * (toTop - fromTop);
  }

  const soon = later(make, PAUSE, MOST);
  text.onChange(() => on && soon());
  form.addEventListener("input", () => on && soon());
  let framed = 0;
  addEventListener("scroll", () => {
    cancelAnimationFrame(framed);
    framed = requestAnimationFrame(follow);
  }, { passive: true });
  return {
    show(wanted) {
      on = wanted;
      pane.hidden = !on;
      if (on) soon.now();
    },
    refresh: () => on && soon.now(),
  };
}

/** The fields of a form without its files, as a server reads them. */
function fields(form) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
  return body;
}

Object.assign(globalThis.studio, { setUpPreview, fields });
