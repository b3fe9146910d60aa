// Blocks: the toolbar, the menu that "/" opens at the start of a line, keyboard shortcuts and their list.

const { told, element, icon, say, dialog, commandKey, kept, lineStarts, blocksOf, headOf, PLAIN } = globalThis.studio;

const WANTED = /^\s{0,3}\/([^\s/]*)$/u; // what stands before the caret while the menu is asked for

/** What each block puts into the text. «…» is selected, ready to be typed over. */
function templates() {
  const [title, text, column] = [say("title"), say("text"), say("column")];
  return {
    gallery: ":::gallery\n«»\n:::",
    callout: `:::tip\n«${say("tip")}»\n:::`,
    toggle: `:::toggle[«${title}»]\n${text}\n:::`,
    table: `| «${column}» | ${column} |\n| --- | --- |\n| ${text} | ${text} |`,
    toc: "::toc",
    rejected: `:::rejected[«»]\n${say("why")}\n:::`,
    verdict: `* «${say("criterion")}»: 4.5`,
  };
}

function footnote(text) {
  const used = [...text.value.matchAll(/\[\^(\d+)\]/g)].map((match) => Number(match[1]));
  const number = Math.max(0, ...used) + 1;
  const { end } = text.selection();
  const mark = `[^${number}]`;
  text.replace(end, end, mark);
  const whole = text.value;
  const gap = /\n\[\^\d+\]: [^\n]*\n*$/.test(whole) ? (whole.endsWith("\n") ? "" : "\n") : whole.endsWith("\n\n") ? "" : whole.endsWith("\n") ? "\n" : "\n\n";
  const note = `${gap}${mark}: `;
  text.replace(whole.length, whole.length, `${note}${say("text")}\n`);
  const from = whole.length + note.length;
  text.focus();
  text.select(from, from + say("text").length);
}

/** Marks for criteria stand among the pros and cons at the head of an item; on a line of its own everywhere else. */
function verdict(text) {
  const { value } = text;
  const lines = value.split("\n");
  const here = text.line();
  const item = blocksOf(lines).findLast((one) => one.name === "item" && one.from < here.number && here.number <= one.to);
  const head = item ? headOf(lines, item) + 1 : 0;
  const line = item && here.number > head ? text.line(lineStarts(value)[head - 1]) : here;
  const own = !line.text.trim();
  const block = templates().verdict;
  const marked = /«([^»]*)»/.exec(block);
  text.replace(own ? line.from : line.to, line.to, (own ? "" : "\n") + block.replace(/[«»]/g, ""));
  const from = (own ? line.from : line.to + 1) + marked.index;
  text.focus();
  text.select(from, from + marked[1].length);
}

/** ``run(name, instead)``: do what a button, a shortcut or the menu asks for. */
function commands(text, open) {
  const simple = {
    bold: () => text.wrap("**", "**", say("text")),
    italic: () => text.wrap("*", "*", say("text")),
    link: () => link(text),
    heading: () => text.begin("## "),
    subheading: () => text.begin("### "),
    list: () => text.begin("- "),
    numbers: () => text.begin((place) => `${place + 1}. `),
    quote: () => text.begin("> "),
    footnote: () => footnote(text),
  };
  return (name, instead = false) => {
    if (instead) {
      // The words that called for the menu go first.
      const line = text.line();
      text.replace(line.from, line.to, "");
    }
    if (simple[name]) simple[name]();
    else if (name === "verdict") verdict(text);
    else if (open[name]) open[name]();
    else text.insertBlock(templates()[name]);
  };
}

function link(text) {
  const { start, end } = text.selection();
  const chosen = text.value.slice(start, end) || say("link");
  const made = `[${chosen}](https://)`;
  text.replace(start, end, made);
  text.focus();
  text.select(start + chosen.length + 3, start + made.length - 1);
}

function setUpMenu(editor, text, run) {
  const list = editor.querySelector("[data-blocks]");
  const status = editor.querySelector("[data-blocks-say]");
  const { surface } = text;
  let at = 0;
  let shown = [];
  let refused = ""; // closed by Escape: not opened again for the same words
  let byButton = false;
  let due = false; // something was typed that the menu has not seen

  const fits = (block, asked) =>
    block.slice(2).concat(block[0]).some((part) => part.toLowerCase().split(/[\s-]+/).some((word) => word.startsWith(asked)) || part.toLowerCase().includes(asked));

  function close() {
    list.hidden = true;
    byButton = false;
    for (const name of ["aria-activedescendant", "aria-controls", "aria-haspopup"]) surface.removeAttribute(name);
  }

  function mark(next) {
    at = (next + shown.length) % Math.max(1, shown.length);
    [...list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    const option = list.children[at];
    if (option?.id) {
      surface.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    }
  }

  function optionOf(block, place) {
    const [id, glyph, name, hint] = block;
    const option = element("li", "block-option");
    option.id = `block-${id}`;
    option.setAttribute("role", "option");
    const wordsOf = element("span", "block-words");
    wordsOf.append(element("b", "", name), element("span", "hint", hint));
    option.append(icon(glyph), wordsOf);
    option.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus in the text
    option.addEventListener("click", () => choose(place));
    return option;
  }

  function show(asked) {
    const wanted = asked.toLowerCase();
    // What is called so comes before what is only described so.
    const rank = (block) => (block[2].toLowerCase().startsWith(wanted) || block[0].startsWith(wanted) ? 0 : 1);
    shown = told.blocks.filter((block) => fits(block, wanted)).sort((one, other) => rank(one) - rank(other));
    if (!shown.length) {
      close();
      status.textContent = say("noBlock");
      return;
    }
    list.replaceChildren(...shown.map(optionOf));
    list.hidden = false;
    surface.setAttribute("aria-controls", list.id);
    surface.setAttribute("aria-haspopup", "listbox");
    status.textContent = say("blocks", shown.length);
    const box = text.caretBox();
    list.classList.toggle("block-menu-docked", !box);
    if (box) {
      const room = box.room > 340 || box.top < 380;
      list.style.insetInlineStart = `${Math.max(0, Math.min(box.left, editor.clientWidth - 320))}px`;
      list.style.insetBlockStart = room ? `${box.top + 6}px` : "auto";
      list.style.insetBlockEnd = room ? "auto" : `${list.parentElement.clientHeight - box.top + 30}px`;
    }
    mark(0);
  }

  function choose(place) {
    const block = shown[place];
    const instead = !byButton;
    close();
    run(block[0], instead);
  }

  function look() {
    due = false;
    const wanted = WANTED.exec(text.line().before);
    if (!wanted) refused = "";
    if (wanted && refused !== "" && wanted[1].startsWith(refused.slice(1))) return;
    if (wanted) show(wanted[1]);
    else if (!byButton) close();
  }

  text.onChange(() => {
    due = true;
    setTimeout(() => due && look());
  });
  text.onMove(() => {
    if (!list.hidden && !byButton && !WANTED.test(text.line().before)) close();
  });
  text.onKey((event) => {
    if (event.isComposing) return; // the keys belong to the input method
    const act = {
      ArrowDown: () => mark(at + 1),
      ArrowUp: () => mark(at - 1),
      Home: () => mark(0),
      End: () => mark(shown.length - 1),
      Enter: () => choose(at),
      Tab: () => choose(at),
      Escape: () => {
        refused = `/${WANTED.exec(text.line().before)?.[1] ?? ""}`;
        close();
      },
    }[event.key];
    if (!act) return;
    // Whoever types faster than the page draws chooses from what they typed, not from what is drawn.
    text.flush();
    if (due) look();
    if (list.hidden) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-blocks], [data-open-blocks]") && !list.hidden && byButton) close();
  });
  editor.querySelector("[data-open-blocks]").addEventListener("click", () => {
    text.focus();
    byButton = true;
    show("");
  });
}

/** One stop for the Tab key; arrows go from tool to tool (the toolbar pattern of ARIA). */
function setUpToolbar(editor, run, open) {
  const bar = editor.querySelector("[role=toolbar]");
  bar.hidden = false;
  const tools = () => [...bar.querySelectorAll("button")].filter((tool) => tool.offsetParent !== null);
  const only = (chosen) => {
    for (const tool of bar.querySelectorAll("button")) tool.tabIndex = tool === chosen ? 0 : -1;
  };
  only(bar.querySelector("button"));
  bar.addEventListener("focusin", (event) => only(event.target));
  bar.addEventListener("keydown", (event) => {
    const all = tools();
    const here = all.indexOf(document.activeElement);
    const next = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    all[(next + all.length) % all.length].focus();
  });
  for (const tool of bar.querySelectorAll("[data-block]")) tool.addEventListener("click", () => run(tool.dataset.block));
  bar.querySelector("[data-open-picker]").addEventListener("click", () => open.usual?.());
  bar.querySelector("[data-open-help]").addEventListener("click", () => dialog("help")?.showModal());
  editor.querySelector("[data-slash-hint]").hidden = false;
}

function setUpShortcuts(text, run, more) {
  const plain = { KeyB: "bold", KeyI: "italic", KeyK: "link" };
  const shifted = { Digit8: "list", Digit7: "numbers", Digit9: "quote" };
  const alternate = { Digit2: "heading", Digit3: "subheading", KeyK: "product", KeyM: "picture" };
  addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const typing = event.target.closest?.("input, textarea, select, [contenteditable=true]");
    const inText = event.target === text.surface;
    let act = null;
    if (event.key === "?" && !typing) act = () => dialog("help")?.showModal();
    else if (inText && event.altKey && !event.ctrlKey && !event.metaKey && /^Arrow(Up|Down)$/.test(event.key)) {
      act = () => more.moveItem?.(event.key === "ArrowUp" ? -1 : 1);
    } else if (commandKey(event)) {
      if (event.code === "Slash") act = () => dialog("help")?.showModal();
      else if (event.altKey && event.code === "KeyV") act = more.preview;
      else if (event.key.toLowerCase() === "s" && !event.altKey && !event.shiftKey) act = more.save;
      else if (inText) {
        const name = event.altKey ? alternate[event.code] : event.shiftKey ? shifted[event.code] : plain[event.code];
        if (name) act = () => run(name);
      }
    }
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }, { capture: true });
  const choice = document.querySelector("[data-plain-text]");
  if (!choice) return;
  choice.checked = kept.read(PLAIN) === "1";
  choice.addEventListener("change", () => {
    kept.write(PLAIN, choice.checked ? "1" : null);
    more.saveThen?.(() => location.reload());
  });
}

Object.assign(globalThis.studio, { commands, setUpMenu, setUpToolbar, setUpShortcuts });
