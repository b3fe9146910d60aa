// Saving by itself: to the server a little after the last key, and to this browser at once, so that a lost connection,
// a closed window or a crash loses no word. Two windows never overwrite each other: the server refuses an old version.

const { page, element, ask, later, say, fields, kept, Failed } = globalThis.studio;

const PAUSE = 2500; // ms without a key before saving
const MOST = 10_000; // ms of typing without a break
const AGAIN = 5000; // ms until the next attempt while the server cannot be reached
const BEACON = 60_000; // characters that a browser still sends while a page closes
const NOT_WORDS = new Set(["csrf_token", "version", "window", "cover_key", "no_cover", "picture_alt", "do"]);

/** The words of the form, to be compared and kept. */
function wordsOf(form) {
  const found = [];
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && !NOT_WORDS.has(name)) found.push([name, value.replaceAll("\r\n", "\n")]);
  }
  return found;
}

function setUpSaving(text, form, tell) {
  const words = document.querySelector("[data-save-words]");
  const conflict = document.querySelector("[data-conflict]");
  const version = form.elements.version;
  const tab = (sessionStorage.studioTab ||= Math.random().toString(36).slice(2));
  const prefix = `studio.${page.dataset.key}.`;
  const mine = prefix + tab;
  form.elements.window.value = tab; // the server keeps one copy apart for each window
  let state = "saved"; // saved, unsaved, saving, offline, signedOut, refused, conflict
  let savedAt = Date.parse(page.dataset.savedAt) || Date.now();
  let copied = ""; // the words that the server holds as a copy to be merged
  let sent = JSON.stringify(wordsOf(form));
  let unsure = null; // what was sent and never answered: the server may have it or not
  let leaving = false;
  let running = null;
  let timer = 0;

  const now = () => JSON.stringify(wordsOf(form));
  const dirty = () => now() !== sent;
  const hasFile = () => [...form.querySelectorAll("input[type=file]")].some((input) => input.files.length);

  function show() {
    words.parentElement.dataset.state = state;
    if (state !== "saved") {
      words.textContent = state === "refused" ? words.textContent : say(state);
      return;
    }
    const seconds = Math.max(0, Math.round((Date.now() - savedAt) / 1000));
    words.textContent =
      seconds < 3 ? say("saved") : seconds < 60 ? say("savedAgo", seconds) : say("savedMinutes", Math.round(seconds / 60));
  }

  function become(next) {
    if (next === state && next !== "saved") return;
    state = next;
    show();
  }

  function keep() {
    const copy = JSON.stringify({ at: Date.now(), version: version.value, words: wordsOf(form) });
    kept.write(mine, dirty() ? copy : null);
  }

  /** What stands in the way of publishing, now that the server has other words. */
  async function check() {
    const host = document.querySelector("[data-checks]");
    try {
      const { html } = await ask(host.dataset.checks);
      if (!host.contains(document.activeElement)) host.innerHTML = html;
    } catch {
      // The list stays as it was until the next words are saved.
    }
  }

  /** Send what there is; true when everything is on the server. */
  async function save() {
    clearTimeout(timer);
    soon.stop();
    if (running) await running;
    if (state === "conflict" || leaving) return false;
    text.flush();
    if (!dirty()) {
      kept.write(mine, null);
      become("saved");
      return true;
    }
    running = send();
    const well = await running;
    running = null;
    if (well && dirty()) soon();
    return well;
  }

  /** Ask again for the answer that was lost, or what was saved then would seem to be somebody else's. */
  async function settle() {
    if (!unsure) return;
    try {
      version.value = (await ask(page.dataset.autosave, unsure)).version;
    } catch (failure) {
      if (!(failure instanceof Failed && [409, 422].includes(failure.status))) throw failure;
    }
    unsure = null;
  }

  async function send() {
    const going = now();
    if (state !== "offline") become("saving");
    try {
      await settle();
      unsure = fields(form);
      const answer = await ask(page.dataset.autosave, unsure);
      unsure = null;
      version.value = answer.version;
      sent = going;
      savedAt = Date.now();
      form.querySelectorAll("[data-autosave-error]").forEach((one) => one.remove());
      if (answer.problems) tell(answer.problems);
      check();
      keep();
      state = "";
      become(dirty() ? "unsaved" : "saved");
      return true;
    } catch (failure) {
      keep();
      if (!(failure instanceof Failed) || failure.status >= 500 || failure.status === 429) {
        become("offline");
        timer = setTimeout(save, AGAIN);
        return false;
      }
      if (failure.status === 409) {
        unsure = null;
        become("conflict");
        copied = going;
        conflict.hidden = false;
        if (failure.answer?.merge_url) conflict.querySelector("[data-merge]").href = failure.answer.merge_url;
      } else if (failure.status === 401 || failure.status === 403 || (failure.status === 400 && !failure.answer?.errors)) {
        become("signedOut");
        timer = setTimeout(save, 3 * AGAIN);
      } else {
        unsure = null;
        state = "refused";
        words.textContent = `${say("refused")}: ${Object.values(failure.answer?.errors ?? {}).flat().join(" ")}`;
        show();
      }
      return false;
    }
  }

  const soon = later(save, PAUSE, MOST);
  const keepSoon = later(keep, 300, 1000);

  function changed() {
    if (state === "conflict") {
      keepSoon();
      return;
    }
    if (!["offline", "signedOut"].includes(state)) become(dirty() ? "unsaved" : "saved");
    keepSoon();
    soon();
  }

  text.onChange(() => setTimeout(changed));
  form.addEventListener("input", (event) => event.target.name && event.target.type !== "file" && changed());
  form.addEventListener("change", (event) => event.target.name && event.target.type !== "file" && changed());
  form.addEventListener("submit", async (event) => {
    text.flush();
    if (running || unsure) {
      // What is on its way decides which version this is.
      event.preventDefault();
      event.stopPropagation();
      const { submitter } = event;
      await (running ?? settle()).catch(() => {
        unsure = null;
      });
      form.requestSubmit(submitter?.isConnected ? submitter : undefined);
      return;
    }
    keepSoon.now();
    soon.stop();
    clearTimeout(timer);
    leaving = true;
  }, { capture: true });
  conflict.querySelector("[data-merge]").addEventListener("click", async (event) => {
    text.flush();
    if (now() !== copied) {
      // What was written since goes into the copy first.
      event.preventDefault();
      await send();
      if (state !== "conflict" || now() !== copied) return;
    }
    // The server holds these words too, as the copy that is merged.
    leaving = true;
    kept.write(mine, null);
    if (event.defaultPrevented) location.assign(conflict.querySelector("[data-merge]").href);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) leaving = false;
  });
  addEventListener("online", () => ["offline", "signedOut"].includes(state) && save());
  addEventListener("offline", () => {
    keep();
    if (dirty()) become("offline");
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && dirty() && !leaving) save();
  });
  addEventListener("beforeunload", (event) => {
    if (leaving) return;
    text.flush();
    keep();
    if (hasFile()) event.preventDefault();
    if (!dirty()) return;
    const body = fields(form);
    const reachable = !["offline", "signedOut", "refused", "conflict"].includes(state) && navigator.onLine && !running;
    if (reachable && body.toString().length < BEACON) {
      fetch(page.dataset.autosave, { method: "POST", body, keepalive: true, headers: { Accept: "application/json" } }).catch(() => {});
    } else {
      event.preventDefault();
    }
  });
  setInterval(() => state === "saved" && show(), 5000);
  offerKept(form, text, prefix, mine, changed);
  show();
  return {
    save,
    byHand: () => form.requestSubmit(form.querySelector("button[name=do][value=save]") ?? undefined),
    async then(act) {
      if (await save()) act();
    },
  };
}

/** Words that this browser kept and the server does not have: bring them back, or throw them away. */
function offerKept(form, text, prefix, mine, changed) {
  const notice = document.querySelector("[data-restore]");
  const present = JSON.stringify(wordsOf(form));
  const found = [];
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith(prefix))) {
    let copy = null;
    try {
      copy = JSON.parse(kept.read(key));
    } catch {
      // Nothing that could be read.
    }
    if (!copy || !Array.isArray(copy.words) || JSON.stringify(copy.words) === present) kept.write(key, null);
    else if (key === mine || Date.now() - copy.at > 15_000) found.push([key, copy]);
  }
  if (!found.length) return;
  found.sort((one, other) => other[1].at - one[1].at);
  const [key, copy] = found[0];
  const when = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  const source = copy.words.find(([name]) => name === "source")?.[1] ?? "";
  const told = notice.querySelector("[data-restore-when]");
  told.replaceChildren(when.format(copy.at), element("span", "restore-sample", source.slice(-160)));
  notice.hidden = false;
  notice.querySelector("[data-restore-yes]").addEventListener("click", () => {
    notice.hidden = true;
    restore(form, text, copy);
    if (key !== mine) kept.write(key, null);
    changed();
    text.focus();
  });
  notice.querySelector("[data-restore-no]").addEventListener("click", () => {
    notice.hidden = true;
    kept.write(key, null);
    text.focus();
  });
}

function restore(form, text, copy) {
  form.elements.version.value = copy.version; // if others saved since, the server says so and both are merged
  const given = new Map();
  for (const [name, value] of copy.words) given.set(name, [...(given.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name || NOT_WORDS.has(field.name) || field.type === "file" || field.name === "source") continue;
    if (["checkbox", "radio"].includes(field.type)) field.checked = (given.get(field.name) ?? []).includes(field.value);
    else if (given.has(field.name) && field.type !== "submit") [field.value] = given.get(field.name);
  }
  text.replace(0, text.value.length, given.get("source")?.[0] ?? "");
}

Object.assign(globalThis.studio, { setUpSaving });
