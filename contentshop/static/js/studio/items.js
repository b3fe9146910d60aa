// What stands in the text: items of a list in their order, moved by drag or keyboard; marks on pictures; comparisons.

const { told, page, element, icon, button, say, ask, later, load, dialog, titles, blocksOf } = globalThis.studio;

const SPOT = /^@\s+(\d+(?:\.\d+)?)\s+(\d+(?:\.\d+)?)\s+([a-z0-9-]+)[ \t]*(.*)$/;

const itemsOf = (lines) => blocksOf(lines).filter((block) => block.name === "item" && block.depth === 0);

/** The text with the items in another order: item ``order[n]`` takes the place of the n-th; all else stays. */
function reordered(value, order) {
  const lines = value.split("\n");
  const items = itemsOf(lines);
  const made = [];
  let at = 0;
  items.forEach((item, place) => {
    const taken = items[order[place]];
    made.push(...lines.slice(at, item.from), ...lines.slice(taken.from, taken.to + 1));
    at = item.to + 1;
  });
  return [...made, ...lines.slice(at)].join("\n");
}

const titleOf = (key) => titles.get(key) ?? key;

function setUpItems(text, pictures, products) {
  const panel = document.querySelector("[data-items-panel]");
  if (!panel) return { moveItem: () => {}, compare: () => {}, hotspots: () => {} };
  const list = panel.querySelector("[data-items]");
  const status = panel.querySelector("[data-items-say]");
  const known = document.querySelector("[data-titles]");
  for (const [key, title] of Object.entries(known ? JSON.parse(known.textContent) : {})) titles.set(key, title);
  const spots = setUpSpots(text, products);

  function reorder(order) {
    const before = text.value;
    const after = reordered(before, order);
    if (after === before) return;
    // Only the part that differs is replaced, so that undo and the cursor stay sensible.
    let start = 0;
    while (before[start] === after[start]) start += 1;
    let tail = 0;
    while (tail < Math.min(before.length, after.length) - start && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
    text.replace(start, before.length - tail, after.slice(start, after.length - tail));
    draw();
  }

  function move(from, to) {
    const items = itemsOf(text.value.split("\n"));
    if (to < 0 || to >= items.length || from < 0) return;
    const order = items.map((_item, place) => place);
    order.splice(to, 0, order.splice(from, 1)[0]);
    reorder(order);
    status.textContent = say("moved", titleOf(items[from].key), to + 1);
  }

  function rowOf(item, place, count) {
    const row = element("li", "write-item");
    row.dataset.place = place;
    const grip = element("span", "write-grip");
    grip.append(icon("grip"));
    grip.title = say("drag");
    const name = element("a", "write-item-name", titleOf(item.key) || "…");
    name.href = "#f-source";
    name.dataset.gotoLine = item.from + 1;
    const acts = element("span", "write-item-acts");
    const up = button("editor-button", `${say("up")}: ${titleOf(item.key)}`, () => moved(place, place - 1, "up"), "up");
    const down = button("editor-button", `${say("down")}: ${titleOf(item.key)}`, () => moved(place, place + 1, "down"), "down");
    up.disabled = place === 0;
    down.disabled = place === count - 1;
    up.dataset.act = "up";
    down.dataset.act = "down";
    acts.append(up, down);
    row.append(grip, name, acts);
    return row;
  }

  function moved(from, to, act) {
    move(from, to);
    const row = list.children[to];
    const again = row?.querySelector(`[data-act=${act}]:not([disabled])`) ?? row?.querySelector("button:not([disabled])");
    again?.focus({ preventScroll: true });
  }

  function pictureRow(block) {
    const row = element("li", "write-item");
    const name = element("a", "write-item-name", say("pictureAt", block.from + 1));
    name.href = "#f-source";
    name.dataset.gotoLine = block.from + 1;
    const place = button("button button-quiet button-small", say("place"), () => spots.open(block.from + 1));
    row.append(icon("image"), name, place);
    row.dataset.picture = block.key;
    return row;
  }

  let drawn = "";
  function draw() {
    const lines = text.value.split("\n");
    const items = itemsOf(lines);
    const shown = picturesOf(lines);
    const state = JSON.stringify([items.map((item) => [item.key, item.from]), shown.map((one) => [one.key, one.from]), titles.size]);
    if (state === drawn) return;
    drawn = state;
    panel.hidden = !items.length && !shown.length && !/^::card\[/m.test(text.value);
    panel.querySelector(".hint").hidden = items.length < 2;
    list.replaceChildren(...items.map((item, place) => rowOf(item, place, items.length)), ...shown.map(pictureRow));
    if (items.length > 1) dragging();
  }

  let sortable = null;
  async function dragging() {
    if (sortable) return;
    sortable = {};
    await load(told.sortable);
    sortable = globalThis.Sortable.create(list, {
      handle: ".write-grip",
      draggable: ".write-item[data-place]",
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
      onEnd: () => {
        const order = [...list.querySelectorAll("[data-place]")].map((row) => Number(row.dataset.place));
        drawn = "";
        reorder(order);
        draw();
      },
    });
  }

  text.onChange(later(draw, 300, 1000));
  draw();
  const comparing = setUpCompare(text, products);
  panel.querySelector("[data-open-compare]").addEventListener("click", comparing);
  return {
    moveItem(step) {
      const here = text.line().number - 1;
      const items = itemsOf(text.value.split("\n"));
      const from = items.findIndex((item) => item.from <= here && here <= item.to);
      if (from < 0 || !items[from + step]) return;
      const offset = here - items[from].from;
      move(from, from + step);
      text.goToLine(itemsOf(text.value.split("\n"))[from + step].from + 1 + offset);
    },
    compare: comparing,
    hotspots() {
      const here = text.line().number;
      const at = picturesOf(text.value.split("\n")).find((one) => one.from < here && here <= one.to + 1);
      if (at) spots.open(at.from + 1);
      else {
        pictures.open((asset) => {
          text.insertBlock(asset.markup);
          const placed = picturesOf(text.value.split("\n")).findLast((one) => one.key === asset.key);
          if (placed) spots.open(placed.from + 1, asset.url);
        });
      }
    },
  };
}

/** Pictures by a directive: one line ``::picture[key]``, or a block with marks. */
function picturesOf(lines) {
  const blocks = blocksOf(lines).filter((block) => block.name === "picture");
  lines.forEach((line, index) => {
    const head = /^::picture\[([a-z0-9]+)\]/i.exec(line);
    if (head) blocks.push({ name: "picture", key: head[1], from: index, to: index });
  });
  return blocks.sort((one, other) => one.from - other.from);
}

function setUpSpots(text, products) {
  const sheet = dialog("spots");
  const stage = sheet.querySelector("[data-spots]");
  const shown = sheet.querySelector("[data-spots-picture]");
  const list = sheet.querySelector("[data-spot-list]");
  const status = sheet.querySelector("[data-spots-say]");
  const slugs = sheet.querySelector("[data-slugs]");
  let spots = [];
  let line = 0;

  const within = (value) => Math.min(100, Math.max(0, Math.round(value)));

  async function addressOf(key) {
    try {
      const { media = [], assets = media } = await ask(`${page.dataset.mediaList}?q=${encodeURIComponent(key)}`);
      return assets.find((asset) => asset.key === key)?.url ?? "";
    } catch {
      return "";
    }
  }

  async function open(number, url = "") {
    line = number;
    const lines = text.value.split("\n");
    const block = picturesOf(lines).find((one) => one.from === number - 1);
    if (!block) return;
    spots = lines
      .slice(block.from + 1, block.to)
      .map((one) => SPOT.exec(one))
      .filter(Boolean)
      .map(([, x, y, slug, note]) => ({ x: Number(x), y: Number(y), slug, note }));
    const used = [...text.value.matchAll(/^:{2,3}(?:card|item)\[([a-z0-9-]+)\]/gm)].map((match) => match[1]);
    slugs.replaceChildren(...[...new Set(used)].map((slug) => Object.assign(element("option"), { value: slug, label: titleOf(slug) })));
    shown.src = url || (await addressOf(block.key));
    draw();
    sheet.showModal();
  }

  function draw() {
    stage.querySelectorAll(".spot").forEach((one) => one.remove());
    list.replaceChildren();
    spots.forEach((spot, place) => {
      const mark = element("button", "spot", String(place + 1));
      mark.type = "button";
      mark.setAttribute("aria-label", say("spot", place + 1, spot.x, spot.y));
      mark.addEventListener("keydown", (event) => steer(event, spot, mark, place));
      stage.append(mark);
      put(mark, spot);
      list.append(rowOf(spot, place));
    });
  }

  function put(mark, spot) {
    mark.style.insetInlineStart = `${spot.x}%`;
    mark.style.insetBlockStart = `${spot.y}%`;
  }

  function steer(event, spot, mark, place) {
    const step = event.shiftKey ? 5 : 1;
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [];
    if (dx !== undefined) {
      event.preventDefault();
      spot.x = within(spot.x + dx);
      spot.y = within(spot.y + dy);
      put(mark, spot);
      const now = say("spot", place + 1, spot.x, spot.y);
      mark.setAttribute("aria-label", now);
      status.textContent = now;
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      remove(place);
    }
  }

  function remove(place) {
    spots.splice(place, 1);
    draw();
    (stage.querySelector(".spot") ?? sheet.querySelector("[data-spot-add]")).focus();
  }

  function rowOf(spot, place) {
    const row = element("li", "spot-row");
    const [slug, note] = ["product", "note"].map((name) => {
      const input = element("input", "input");
      input.value = name === "product" ? spot.slug : spot.note;
      input.placeholder = say(name);
      input.setAttribute("aria-label", `${place + 1}: ${say(name)}`);
      return input;
    });
    slug.setAttribute("list", slugs.id);
    slug.addEventListener("input", () => {
      spot.slug = slug.value.trim();
    });
    note.addEventListener("input", () => {
      spot.note = note.value.replace(/\s+/g, " ").trim();
    });
    const find = button("editor-button", `${place + 1}: ${say("findProduct")}`, () => {
      products.open("card", (key) => {
        spot.slug = key;
        slug.value = key;
        slug.focus();
      });
    }, "search");
    const away = button("editor-button", `${say("remove")}: ${place + 1}`, () => remove(place), "trash");
    row.append(element("b", "", String(place + 1)), slug, find, note, away);
    return row;
  }

  function add(x, y) {
    const used = new Set(spots.map((spot) => spot.slug));
    const next = [...slugs.children].map((option) => option.value).find((slug) => !used.has(slug)) ?? "";
    spots.push({ x: within(x), y: within(y), slug: next, note: "" });
    draw();
    [...stage.querySelectorAll(".spot")].at(-1).focus();
  }

  stage.addEventListener("click", (event) => {
    if (event.target.closest(".spot")) return;
    const box = stage.getBoundingClientRect();
    add(((event.clientX - box.left) / box.width) * 100, ((event.clientY - box.top) / box.height) * 100);
  });
  sheet.querySelector("[data-spot-add]").addEventListener("click", () => add(50, 50));
  sheet.querySelector("[data-spots-done]").addEventListener("click", () => {
    const lines = text.value.split("\n");
    const block = picturesOf(lines).find((one) => one.from === line - 1);
    sheet.close();
    if (!block) return;
    const whole = spots.filter((spot) => spot.slug);
    const others = lines.slice(block.from + 1, block.to).filter((one) => !SPOT.test(one));
    const head = lines[block.from].replace(/^:{2,3}/, "");
    const marks = whole.map((spot) => `@ ${spot.x} ${spot.y} ${spot.slug}${spot.note ? ` ${spot.note}` : ""}`);
    const made = marks.length || others.some((one) => one.trim()) ? [`:::${head}`, ...marks, ...others, ":::"] : [`::${head}`];
    const from = lines.slice(0, block.from).join("\n").length + (block.from ? 1 : 0);
    const to = from + lines.slice(block.from, block.to + 1).join("\n").length;
    text.replace(from, to, made.join("\n"));
    text.focus();
  });
  return { open };
}

function setUpCompare(text, products) {
  const sheet = dialog("compare");
  const form = sheet.querySelector("[data-compare]");
  const list = sheet.querySelector("[data-compare-products]");
  const best = sheet.querySelector("[data-compare-best]");

  const chosen = () => [...list.querySelectorAll(":checked")].map((box) => box.value);

  function choiceOf(key, checked) {
    const label = element("label", "check");
    const box = element("input");
    box.type = "checkbox";
    box.value = key;
    box.checked = checked;
    label.append(box, element("span", "", titleOf(key)));
    return label;
  }

  function offerBest() {
    const { value } = best;
    best.replaceChildren(best.options[0], ...chosen().map((key) => new Option(titleOf(key), key)));
    best.value = chosen().includes(value) ? value : "";
  }

  form.addEventListener("input", offerBest);
  form.querySelector("[data-compare-more]").addEventListener("click", () => {
    products.open("card", (key) => {
      const known = [...list.querySelectorAll("input")].find((box) => box.value === key);
      if (known) known.checked = true;
      else list.append(choiceOf(key, true));
      offerBest();
    });
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    const keys = chosen();
    const fits = keys.length >= 2 && keys.length <= 6;
    form.querySelector("[data-compare-error]").hidden = fits;
    if (!fits) return;
    const attributes = form.querySelector("#d-attributes").value.split(/[,，]/).map((one) => one.trim().replaceAll('"', "”")).filter(Boolean);
    const given = [attributes.length ? `attributes="${attributes.join(", ")}"` : "", best.value ? `best="${best.value}"` : ""].filter(Boolean);
    sheet.close();
    text.insertBlock(`::compare[${keys.join(", ")}]${given.length ? `{${given.join(" ")}}` : ""}`);
  });
  return () => {
    const used = [...new Set([...text.value.matchAll(/^:{2,3}(?:card|item)\[([a-z0-9-]+)\]/gm)].map((match) => match[1]))];
    list.replaceChildren(...used.map((key, place) => choiceOf(key, place < 3)));
    form.querySelector("[data-compare-error]").hidden = true;
    offerBest();
    sheet.showModal();
  };
}

Object.assign(globalThis.studio, { setUpItems, reordered });
