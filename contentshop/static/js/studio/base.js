// What all parts of the writing page share: its words, its addresses, and how it speaks with the server.
// The parts are loaded in a fixed order and meet in globalThis.studio; start.js sets them going.

const words = document.querySelector("[data-studio-words]");
const told = words ? JSON.parse(words.textContent) : {};
const page = document.querySelector("[data-write]");

function element(tag, classes = "", text = "") {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  if (text) made.textContent = text;
  return made;
}

function icon(name) {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${told.icons}#${name}`);
  drawn.setAttribute("class", "icon");
  drawn.setAttribute("aria-hidden", "true");
  drawn.append(use);
  return drawn;
}

function button(classes, text, act, glyph = "") {
  const made = element("button", classes);
  made.type = "button";
  if (glyph) {
    made.append(icon(glyph), element("span", "vh", text));
    made.title = text;
  } else {
    made.textContent = text;
  }
  made.addEventListener("click", act);
  return made;
}

/** The sentence of this name, its {} filled in order. */
function say(name, ...values) {
  let at = 0;
  return (told.say[name] ?? "").replace(/\{\}/g, () => values[at++] ?? "");
}

class Failed extends Error {
  constructor(status, answer) {
    super(`status ${status}`);
    this.status = status;
    this.answer = answer;
  }
}

/** The JSON that the server answers. Throws Failed for a refusal, TypeError when it cannot be reached. */
async function ask(url, body, options = {}) {
  const headers = { Accept: "application/json" };
  if (body) headers["X-CSRFToken"] = document.querySelector("[name=csrf_token]")?.value ?? "";
  const answer = await fetch(url, { method: body ? "POST" : "GET", headers, body, ...options });
  const isJson = (answer.headers.get("Content-Type") || "").includes("json");
  const given = isJson ? await answer.json() : null;
  if (answer.redirected && !isJson) throw new Failed(401, null);
  if (!answer.ok || given === null) throw new Failed(answer.status, given);
  return given;
}

/** ``act``, once nothing has asked for it for ``pause`` ms; at the latest after ``most`` ms. */
function later(act, pause, most = Infinity) {
  let timer = 0;
  let since = 0;
  const run = () => {
    clearTimeout(timer);
    since = 0;
    act();
  };
  const wait = () => {
    since ||= Date.now();
    clearTimeout(timer);
    timer = setTimeout(run, Math.max(0, Math.min(pause, since + most - Date.now())));
  };
  wait.now = run;
  wait.stop = () => {
    clearTimeout(timer);
    since = 0;
  };
  return wait;
}

function load(src) {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = src;
    script.addEventListener("load", done);
    script.addEventListener("error", failed);
    document.head.append(script);
  });
}

function loadStyle(href) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  return new Promise((done) => {
    link.addEventListener("load", done);
    link.addEventListener("error", done);
    document.head.append(link);
  });
}

/** A dialog by its name; it closes by its button, Escape, or a press beside it, and gives the focus back. */
function dialog(name) {
  const found = document.querySelector(`[data-dialog="${name}"]`);
  if (found && !found.dataset.ready) {
    found.dataset.ready = "1";
    found.addEventListener("click", (event) => {
      if (event.target === found || event.target.closest("[data-close]")) found.close();
    });
  }
  return found;
}

const mac = /Mac|iPhone|iPad/.test(navigator.platform);
const commandKey = (event) => (mac ? event.metaKey : event.ctrlKey) && !event.getModifierState("AltGraph");
const kept = {
  read(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  write(key, value) {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
      return true;
    } catch {
      return false; // forbidden or full
    }
  },
};

globalThis.studio = { told, page, element, icon, button, say, ask, later, load, loadStyle, dialog, commandKey, kept, Failed };
