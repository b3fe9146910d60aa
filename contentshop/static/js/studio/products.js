// The product picker: search while typing, or paste the address of a product's page, look at what was read, insert.

const { page, element, icon, button, say, ask, later, dialog } = globalThis.studio;

const ADDRESS = /^https?:\/\/[^\s]+\.[^\s]+$/i;
const titles = new Map(); // product key → title, for the panel of items

/** What stands in the text for a product; ``relation`` is how its author came to it, if not as the post says. */
function markup(kind, key, relation = "") {
  const how = relation && `relation="${relation}"`;
  if (kind === "card") return `::card[${key}]${how && `{${how}}`}`;
  return `:::item[${key}]{award="«»"${how && ` ${how}`}}\n+ \n- \n\n:::`;
}

function setUpProducts(editor, text) {
  const sheet = dialog("product");
  if (!sheet) return { open: () => {} };
  const input = sheet.querySelector("#d-find");
  const list = sheet.querySelector("[data-results]");
  const status = sheet.querySelector("[data-find-say]");
  const finding = sheet.querySelector("[data-find]");
  const relation = sheet.querySelector("[data-relation]");
  const review = sheet.querySelector("[data-review]");
  let asked = 0;
  let insert = () => {};
  let first = "card";
  let only = ""; // what the one button says, when a product is chosen for something else than a block of its own

  /** Find a product: for a block of its own (``kind``: card or item), or for ``take(key)``. */
  function open(kind, take = null) {
    first = kind;
    only = take ? say("choose") : "";
    insert = take ?? ((key, as) => text.insertBlock(markup(as, key, relation.value)));
    input.value = relation.value = "";
    relation.closest(".field").hidden = Boolean(only);
    list.replaceChildren();
    status.textContent = "";
    back();
    sheet.showModal();
    input.focus();
  }

  function back() {
    review.hidden = true;
    finding.hidden = false;
  }

  function take(product, as) {
    titles.set(product.key, product.title);
    sheet.close();
    insert(product.key, as);
  }

  function row(product) {
    const item = element("li", "picker-row");
    const picture = element("img");
    picture.alt = "";
    if (product.picture) picture.src = product.picture;
    const words = element("span");
    words.append(element("b", "", product.title));
    words.append(element("span", "hint", [product.brand, product.price, product.key].filter(Boolean).join(" · ")));
    const acts = element("span", "picker-acts");
    for (const kind of only ? [first] : ["card", "item"]) {
      const made = button(`button button-small ${kind === first ? "button-strong" : "button-plain"}`, only || say(kind), () => take(product, kind));
      made.dataset.as = kind;
      acts.append(made);
    }
    item.append(picture, words, acts);
    return item;
  }

  async function search() {
    const mine = ++asked;
    const typed = input.value.trim();
    list.replaceChildren();
    status.textContent = "";
    if (!typed) return;
    if (ADDRESS.test(typed)) {
      await read(typed, () => mine === asked);
      return;
    }
    const url = `${editor.dataset.products}?q=${encodeURIComponent(typed)}`;
    const found = await ask(url).then((answer) => answer.products, () => []);
    if (mine !== asked) return; // an answer overtaken by a newer question
    list.replaceChildren(...found.map(row));
    status.textContent = found.length ? "" : say("none");
  }

  /** Fetch and read a page; show the product if it is known, else what was read, to be looked at. */
  async function read(url, current = () => true) {
    status.textContent = say("reading");
    input.setAttribute("aria-busy", "true");
    let told = { known: null, read: null, problem: say("readFailed") };
    try {
      told = await ask(page.dataset.read, new URLSearchParams({ url }));
    } catch (failure) {
      const errors = failure.answer?.errors;
      if (errors) told.problem = Object.values(errors).flat().join(" ");
    }
    input.removeAttribute("aria-busy");
    if (!current()) return;
    status.textContent = "";
    if (told.known) {
      status.textContent = say("known");
      list.replaceChildren(row({ ...told.known, key: told.known.key ?? told.known.slug }));
      list.querySelector("button.button-strong")?.focus();
      return;
    }
    show(url, told);
  }

  function show(url, told) {
    const facts = told.read ?? {};
    finding.hidden = true;
    review.hidden = false;
    for (const name of ["title", "brand", "currency", "merchant"]) review.elements[`product_${name}`].value = facts[name] ?? "";
    review.elements.product_price.value = facts.price ?? "";
    review.elements.product_url.value = facts.url ?? url;
    review.facts = facts;
    const said = review.querySelector("[data-review-say]");
    said.textContent = [told.problem, ...(facts.problems ?? [])].filter(Boolean).join(" ");
    said.hidden = !said.textContent;
    review.querySelector("[data-review-sure]").textContent = told.read ? sureness(facts.confidence) : "";
    const picture = review.querySelector("[data-review-picture]");
    const source = facts.picture ?? facts.picture_url ?? "";
    picture.hidden = !source.startsWith("/"); // pages show no picture of another host
    if (!picture.hidden) picture.src = source;
    review.querySelector("[data-review-errors]").hidden = true;
    for (const one of review.querySelectorAll("[data-as]")) {
      one.hidden = Boolean(only) && one.dataset.as !== first;
      one.textContent = only ? say("createAndChoose") : say(one.dataset.as === "card" ? "createCard" : "createItem");
      one.className = `button ${one.dataset.as === first ? "button-primary" : "button-plain"}`;
    }
    review.elements.product_title.focus();
  }

  function sureness(confidence) {
    const level = typeof confidence === "number" ? (confidence >= 0.8 ? "high" : confidence >= 0.5 ? "medium" : "low") : confidence;
    return globalThis.studio.told.say.sure[level] ?? "";
  }

  review.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const as = event.submitter?.dataset.as ?? first;
    const errors = review.querySelector("[data-review-errors]");
    errors.hidden = true;
    const facts = review.facts ?? {};
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries(facts)) {
      if (value !== null && ["string", "number"].includes(typeof value)) body.set(name, value);
    }
    for (const [name, value] of new FormData(review)) body.set(name.replace("product_", ""), value);
    try {
      const made = await ask(page.dataset.make, body);
      take({ ...made, key: made.key ?? made.slug }, as);
    } catch (failure) {
      const given = failure.answer?.errors;
      errors.textContent = given ? Object.values(given).flat().join(" ") : failure.answer?.error ?? say("readFailed");
      errors.hidden = false;
    }
  });
  review.querySelector("[data-review-back]").addEventListener("click", () => {
    back();
    input.focus();
  });
  const soon = later(search, 250);
  input.addEventListener("input", soon);
  sheet.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const rows = [...list.querySelectorAll(".picker-row")];
    const here = rows.findIndex((one) => one.contains(document.activeElement));
    if (event.key === "Enter" && event.target === input) {
      event.preventDefault();
      if (rows.length) list.querySelector(`button[data-as=${first}]`)?.click();
      else soon.now();
    } else if (event.key === "ArrowDown" && rows.length && !review.contains(event.target)) {
      event.preventDefault();
      rows[Math.min(here + 1, rows.length - 1)].querySelector("button").focus();
    } else if (event.key === "ArrowUp" && here >= 0) {
      event.preventDefault();
      (here ? rows[here - 1].querySelector("button") : input).focus();
    }
  });
  setUpOffer(editor, text, (url) => {
    open("card");
    input.value = url;
    soon.now();
  });
  return { open };
}

/** An address pasted onto an empty line: offer to make it a card. */
function setUpOffer(editor, text, make) {
  const offer = editor.querySelector("[data-offer]");
  const hide = () => {
    offer.hidden = true;
  };
  const lineOf = (url) => {
    const at = text.value.split("\n").findIndex((line) => line.trim() === url);
    return at + 1;
  };
  // Before the editor takes the words in: it is the empty line that counts.
  editor.addEventListener("paste", (event) => {
    const pasted = event.clipboardData?.getData("text/plain").trim() ?? "";
    if (!ADDRESS.test(pasted) || text.line().text.trim()) return;
    const yes = button("button button-strong button-small", say("makeCard"), () => {
      hide();
      const number = lineOf(pasted);
      if (number) text.goToLine(number);
      const line = text.line();
      if (line.text.trim() === pasted) text.replace(line.from, line.to, "");
      make(pasted);
    });
    const no = button("button button-quiet button-small", say("keepLink"), () => {
      hide();
      text.focus();
    });
    offer.replaceChildren(icon("tag"), element("span", "editor-offer-url", pasted), yes, no);
    offer.hidden = false;
  }, { capture: true });
  offer.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    hide();
    text.focus();
  });
}

Object.assign(globalThis.studio, { setUpProducts, titles, ADDRESS });
