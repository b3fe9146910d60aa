// The editor of the studio: formatting, product search, problems while typing, saving by keyboard.

const wrap = {
  bold: ["**", "**"],
  italic: ["*", "*"],
  link: ["[", "](https://)"],
};
const begin = { heading: "## ", list: "- ", quote: "> " };

function replace(area, start, end, text, caret) {
  area.focus();
  area.setSelectionRange(start, end);
  // execCommand keeps the browser's own undo; it is the only way that does.
  if (!document.execCommand("insertText", false, text)) area.setRangeText(text, start, end, "end");
  if (caret !== undefined) area.setSelectionRange(caret, caret);
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function mark(area, kind) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  if (wrap[kind]) {
    const [before, after] = wrap[kind];
    const chosen = value.slice(start, end);
    replace(area, start, end, before + chosen + after, start + before.length + chosen.length);
    return;
  }
  const lineStart = value.lastIndexOf("\n", start - 1) + 1;
  const lines = value.slice(lineStart, end).split("\n");
  replace(area, lineStart, end, lines.map((line) => begin[kind] + line.replace(/^(#+|-|>) /, "")).join("\n"));
}

function insertBlock(area, text) {
  const { selectionEnd: at, value } = area;
  const lineEnd = value.indexOf("\n", at) === -1 ? value.length : value.indexOf("\n", at);
  const before = value.slice(0, lineEnd).endsWith("\n") || lineEnd === 0 ? "" : "\n\n";
  replace(area, lineEnd, lineEnd, `${before}${text}\n`);
}

async function products(url, query) {
  const answer = await fetch(`${url}?q=${encodeURIComponent(query)}`, { headers: { Accept: "application/json" } });
  return answer.ok ? (await answer.json()).products : [];
}

function element(tag, classes, text) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  if (text) made.textContent = text;
  return made;
}

function setUpPicker(editor, area) {
  // A text nobody has clicked into yet has its caret at the top; a product belongs at its end.
  area.setSelectionRange(area.value.length, area.value.length);
  const opener = editor.querySelector("[data-open-picker]");
  const panel = editor.querySelector("[data-picker]");
  const input = panel.querySelector("input");
  const list = panel.querySelector("[data-results]");
  let timer = 0;
  let asked = 0;

  const toggle = (open) => {
    panel.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    (open ? input : area).focus();
  };
  const row = (product) => {
    const item = element("li", "picker-row");
    const picture = element("img");
    picture.alt = "";
    if (product.picture) picture.src = product.picture;
    const words = element("span");
    words.append(element("b", "", product.title));
    words.append(element("span", "hint", [product.brand, product.price, product.key].filter(Boolean).join(" · ")));
    const acts = element("span", "picker-acts");
    for (const kind of ["card", "item"]) {
      const button = element("button", "button button-plain button-small", editor.dataset[kind === "card" ? "sayCard" : "sayItem"]);
      button.type = "button";
      button.addEventListener("click", () => {
        const text = editor.dataset[kind].replaceAll("{key}", product.key).replaceAll("{title}", product.title);
        toggle(false);
        insertBlock(area, text);
      });
      acts.append(button);
    }
    item.append(picture, words, acts);
    return item;
  };
  const search = async () => {
    const mine = ++asked;
    const query = input.value.trim();
    const found = query ? await products(editor.dataset.products, query).catch(() => []) : [];
    if (mine !== asked) return; // an answer overtaken by a newer question
    list.replaceChildren(...found.map(row));
    if (query && !found.length) list.append(element("li", "hint", editor.dataset.sayNone));
  };
  opener.addEventListener("click", () => toggle(panel.hidden));
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, 200);
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") toggle(false);
    if (event.key === "Enter" && event.target === input) {
      event.preventDefault();
      list.querySelector("button")?.click();
    }
  });
}

const known = new Map(); // product key → whether it exists

async function problems(editor, text) {
  const say = editor.dataset;
  const found = [];
  let fenced = false;
  let items = 0;
  const keys = [];
  text.split("\n").forEach((line, index) => {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    if (fenced) return;
    const at = index + 1;
    if (/!\[\s*\]\(/.test(line)) found.push([say.sayAlt, at]);
    if (/^# /.test(line)) found.push([say.sayHeading, at]);
    const directive = /^:{2,} *(card|item)\b/.exec(line);
    if (!directive) return;
    if (directive[1] === "item") items += 1;
    const whole = /^(?:::card|:::item)\[([a-z0-9-]+)\](\{.*\})?\s*$/.exec(line);
    if (whole) keys.push([whole[1], at]);
    else found.push([say.sayUnclosed, at]);
  });
  for (const [key, at] of keys.slice(0, 60)) {
    if (!known.has(key)) {
      try {
        const hits = await products(say.products, key);
        known.set(key, hits.some((hit) => hit.key === key));
      } catch {
        continue; // not reachable: the server decides when publishing
      }
    }
    if (!known.get(key)) found.push([`${say.sayUnknown} ${key}`, at]);
  }
  if (say.kind === "list" && !items) found.push([say.sayItems, 0]);
  return found;
}

function goToLine(area, number) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[number - 1] || "").length);
}

function setUpProblems(editor, area) {
  const list = editor.querySelector("[data-problems]");
  const words = editor.querySelector("[data-words]");
  let timer = 0;
  let round = 0;
  const check = async () => {
    const mine = ++round;
    const text = area.value;
    const latin = text.match(/[\p{L}\p{N}]+/gu) || [];
    const han = text.match(/\p{Script=Han}/gu) || [];
    const count = latin.filter((word) => !/\p{Script=Han}/u.test(word)).length + han.length;
    words.hidden = false;
    words.textContent =
      new Intl.NumberFormat(document.documentElement.lang).format(count) + ` ${editor.dataset.sayWords} ·`;
    const found = await problems(editor, text);
    if (mine !== round) return;
    list.hidden = false;
    list.replaceChildren(
      ...(found.length ? found : [[editor.dataset.sayFine, 0]]).map(([sentence, at]) => {
        const item = element("li", `check-line check-${found.length ? "bad" : "good"}`);
        item.append(element("span", "", sentence));
        if (at) {
          const jump = element("a", "", `${editor.dataset.sayLine} ${at}`);
          jump.href = `#${area.id}`;
          jump.dataset.gotoLine = at;
          item.append(" ", jump);
        }
        return item;
      }),
    );
  };
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(check, 500);
  });
  check();
}

function setUpSaving(editor, area) {
  const form = area.form;
  if (!form) return;
  let dirty = false;
  let leaving = false;
  form.addEventListener("input", (event) => {
    if (event.target.name) dirty = true;
  });
  form.addEventListener("submit", () => {
    leaving = true;
  });
  addEventListener("beforeunload", (event) => {
    if (dirty && !leaving) event.preventDefault();
  });
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-save], button[name='do'][value='save']") || undefined);
  });
}

for (const editor of document.querySelectorAll("[data-editor]")) {
  const area = editor.querySelector("textarea");
  const bar = editor.querySelector("[role='toolbar']");
  bar.hidden = false;
  for (const button of bar.querySelectorAll("[data-mark]")) {
    button.addEventListener("click", () => mark(area, button.dataset.mark));
  }
  area.addEventListener("keydown", (event) => {
    const kind = (event.ctrlKey || event.metaKey) && { b: "bold", i: "italic", k: "link" }[event.key.toLowerCase()];
    if (kind) {
      event.preventDefault();
      mark(area, kind);
    }
  });
  setUpPicker(editor, area);
  setUpProblems(editor, area);
  setUpSaving(editor, area);
}

document.addEventListener("click", (event) => {
  const jump = event.target.closest("[data-goto-line]");
  const area = jump && document.querySelector("[data-editor] textarea");
  if (!area) return;
  event.preventDefault();
  goToLine(area, Number(jump.dataset.gotoLine));
});
