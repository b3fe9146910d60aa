// One way to speak with the text, whether it stands in a plain text area or in EasyMDE (CodeMirror 5).
//
// Places are numbers of characters from the start, lines count from 1.

const { told, load, loadStyle, kept } = globalThis.studio;

const PLAIN = "studio.plain"; // in localStorage: somebody prefers the plain field

const OPENING = /^:::([a-z]+)/;
const OF_ITEM = /^[+*-](?: |$)/; // pros, cons and ratings: the head of an item
const OF_LINES = new Set(["picture", "video", "audio"]); // what they hold are lines of their own, no other blocks

function lineStarts(text) {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** Blocks of the text that have an end, as lines from–to (counted from 0): [{name, head, from, to, key}]. */
function blocksOf(lines) {
  const found = [];
  const open = [];
  let fence = "";
  lines.forEach((line, index) => {
    const fenced = /^ {0,3}(`{3,}|~{3,})/.exec(line);
    if (fence) {
      if (fenced && fenced[1].startsWith(fence)) fence = "";
      return;
    }
    if (fenced) {
      [, fence] = fenced;
      return;
    }
    const head = OPENING.exec(line);
    if (head) {
      open.push({ name: head[1], from: index, to: lines.length - 1, key: /\[([^\]]*)\]/.exec(line)?.[1].trim() ?? "" });
    } else if (/^:::\s*$/.test(line) && open.length) {
      const closed = open.pop();
      closed.to = index;
      closed.depth = open.length;
      found.push(closed);
    }
  });
  return found.sort((one, other) => one.from - other.from);
}

/** Where ``block`` may stand near line ``number``: behind this line (counted from 1), or at the caret when it is 0. */
function placeFor(block, value, number) {
  const lines = value.split("\n");
  const around = blocksOf(lines).filter((one) => one.from < number && number <= one.to);
  if (!around.length) return 0;
  if (/^:::item\b/.test(block)) return around[0].to + 1; // an item stands by itself
  const inner = around.at(-1);
  if (OF_LINES.has(inner.name) || (inner.name === "gallery" && !/^:{2,3}picture\b/.test(block))) return inner.to + 1;
  const head = headOf(lines, inner) + 1;
  return number <= head ? head : 0;
}

/** The last line of a block's head, counted from 0: of an item, its pros, cons and ratings belong to it. */
function headOf(lines, block) {
  let head = block.from;
  while (block.name === "item" && OF_ITEM.test(lines[head + 1])) head += 1;
  return head;
}

/** What both kinds can do by means of value, selection, replace and select. */
class Words {
  /** The caret's line, or that at ``start``: its number, its words, and what stands before the place. */
  line(start = this.selection().start) {
    const { value } = this;
    const from = value.lastIndexOf("\n", start - 1) + 1;
    const end = value.indexOf("\n", start);
    return {
      number: value.slice(0, from).split("\n").length,
      from,
      to: end === -1 ? value.length : end,
      text: value.slice(from, end === -1 ? value.length : end),
      before: value.slice(from, start),
    };
  }

  goToLine(number) {
    const starts = lineStarts(this.value);
    const from = starts[Math.min(Math.max(number, 1), starts.length) - 1];
    const end = this.value.indexOf("\n", from);
    this.focus();
    this.select(from, end === -1 ? this.value.length : end);
  }

  /** Put ``text`` before and behind the selection, and keep that selected. */
  wrap(before, after, otherwise) {
    const { start, end } = this.selection();
    const chosen = this.value.slice(start, end) || otherwise;
    this.replace(start, end, before + chosen + after);
    this.focus();
    this.select(start + before.length, start + before.length + chosen.length);
  }

  /** Begin every chosen line with ``mark`` (or a mark for its place), or take the mark away again. */
  begin(mark) {
    const { start, end } = this.selection();
    const from = this.value.lastIndexOf("\n", start - 1) + 1;
    const lineEnd = this.value.indexOf("\n", end);
    const to = lineEnd === -1 ? this.value.length : lineEnd;
    const lines = this.value.slice(from, to).split("\n");
    const marks = lines.map((_line, place) => (typeof mark === "function" ? mark(place) : mark));
    const on = lines.every((line, place) => line.startsWith(marks[place]));
    const bare = lines.map((line) => line.replace(/^(#{1,6} |[-*+] |\d+\. |> )/, ""));
    const made = on ? bare : bare.map((line, place) => marks[place] + line);
    this.replace(from, to, made.join("\n"));
    this.focus();
    this.select(from + made.join("\n").length, from + made.join("\n").length);
  }

  /**
   * Put a block on lines of its own, with an empty line on both sides: in place of the caret's line when that is empty,
   * behind what it may not stand in. ``«»`` in it is selected afterwards, else the caret stands behind it.
   */
  insertBlock(block) {
    const { value } = this;
    const behind = placeFor(block, value, this.line().number);
    const line = behind ? this.line(lineStarts(value)[behind - 1]) : this.line();
    const from = line.text.trim() === "" ? line.from : line.to;
    const before = value.slice(0, from);
    const after = value.slice(line.to);
    const gapBefore = before.trim() === "" ? "" : before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
    const more = /^\n*/.exec(after)[0].length;
    const gapAfter = "\n".repeat(Math.max(0, 2 - more));
    const marked = /«([^»]*)»/.exec(block);
    const plain = block.replace(/«([^»]*)»/g, "$1");
    this.replace(from, line.to, gapBefore + plain + gapAfter);
    this.focus();
    const begin = from + gapBefore.length;
    if (marked) this.select(begin + marked.index, begin + marked.index + marked[1].length);
    else this.select(begin + plain.length + 2, begin + plain.length + 2);
  }
}

class PlainText extends Words {
  constructor(area) {
    super();
    this.area = area;
    this.surface = area;
  }

  get value() {
    return this.area.value;
  }

  selection() {
    return { start: this.area.selectionStart, end: this.area.selectionEnd };
  }

  select(start, end) {
    this.area.setSelectionRange(start, end);
  }

  focus() {
    this.area.focus();
  }

  replace(start, end, text) {
    this.area.focus();
    this.area.setSelectionRange(start, end);
    // execCommand keeps the browser's own undo; it is the only way that does.
    const done = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
    if (!done) {
      this.area.setRangeText(text, start, end, "end");
      this.area.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  onChange(act) {
    this.area.addEventListener("input", act);
  }

  onKey(act) {
    this.area.addEventListener("keydown", act);
  }

  onMove(act) {
    for (const kind of ["keyup", "click", "focus"]) this.area.addEventListener(kind, act);
  }

  flush() {}

  /** Lines that have something wrong are told in the list beneath; a text area cannot mark them. */
  markLines() {}

  /** Where a menu at the caret belongs, from the top of the field; null: at its top. */
  caretBox() {
    return null;
  }

  /** The line at the top of the window, with the part of it that is hidden. */
  topLine() {
    const box = this.area.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (120 - box.top) / Math.max(1, box.height)));
    return 1 + share * (this.value.split("\n").length - 1);
  }
}

class MirrorText extends Words {
  constructor(area, mirror) {
    super();
    this.area = area;
    this.mirror = mirror;
    this.surface = mirror.getInputField();
    this.marks = [];
  }

  get value() {
    return this.mirror.getValue();
  }

  selection() {
    const { mirror } = this;
    return { start: mirror.indexFromPos(mirror.getCursor("from")), end: mirror.indexFromPos(mirror.getCursor("to")) };
  }

  select(start, end) {
    this.mirror.setSelection(this.mirror.posFromIndex(start), this.mirror.posFromIndex(end), { scroll: false });
    if (this.mirror.hasFocus()) this.mirror.scrollIntoView(null, 120);
  }

  focus() {
    this.mirror.focus();
  }

  replace(start, end, text) {
    this.mirror.replaceRange(text, this.mirror.posFromIndex(start), this.mirror.posFromIndex(end), "+input");
    this.mirror.setCursor(this.mirror.posFromIndex(start + text.length));
  }

  onChange(act) {
    this.mirror.on("change", (_mirror, change) => act(change));
  }

  onKey(act) {
    this.mirror.on("keydown", (_mirror, event) => act(event));
  }

  onMove(act) {
    this.mirror.on("cursorActivity", act);
  }

  /** Take in what was typed a moment ago: CodeMirror waits 80 ms for more before it reads its own page. */
  flush() {
    const { input } = this.mirror.display;
    if (input.readDOMTimeout && !input.composing) input.pollContent();
  }

  /** Mark lines with what is wrong in them: a Map of line → sentence. */
  markLines(found) {
    this.mirror.operation(() => {
      for (const handle of this.marks) {
        this.mirror.removeLineClass(handle, "wrap", "line-wrong");
        this.mirror.setGutterMarker(handle, "gutter-problems", null);
      }
      this.marks = [];
      for (const [line, sentence] of found) {
        if (line < 1 || line > this.mirror.lineCount()) continue;
        const sign = document.createElement("span");
        sign.className = "line-sign";
        sign.title = sentence;
        sign.textContent = "!";
        this.marks.push(this.mirror.addLineClass(line - 1, "wrap", "line-wrong"));
        this.mirror.setGutterMarker(line - 1, "gutter-problems", sign);
      }
    });
  }

  caretBox() {
    const caret = this.mirror.cursorCoords(true, "window");
    const box = this.mirror.getWrapperElement().parentElement.getBoundingClientRect();
    return { left: caret.left - box.left, top: caret.bottom - box.top, room: innerHeight - caret.bottom };
  }

  topLine() {
    const place = this.mirror.lineAtHeight(120, "window");
    const top = this.mirror.heightAtLine(place, "window");
    const height = this.mirror.heightAtLine(place + 1, "window") - top || 1;
    return 1 + place + Math.min(1, Math.max(0, (120 - top) / height));
  }
}

// Our own blocks stand out from running text.
const directives = {
  token(stream) {
    if (stream.sol() && stream.match(/^:{2,3}(?:[a-z]+(?:\[[^\]]*\])?(?:\{.*\})?)?\s*$/)) return "directive";
    if (stream.sol() && stream.match(/^<!--.*-->\s*$/)) return "aside";
    if (stream.sol() && stream.match(/^@ /)) {
      stream.skipToEnd();
      return "directive";
    }
    stream.skipToEnd();
    return null;
  },
};

async function mirrored(area, label) {
  await Promise.all([load(told.mirror), loadStyle(told.mirrorStyle)]);
  const off = ["toggleBlockquote", "toggleBold", "cleanBlock", "toggleHeadingSmaller", "toggleItalic", "drawLink"];
  const more = ["toggleUnorderedList", "togglePreview", "toggleCodeBlock", "drawImage", "toggleOrderedList"];
  const rest = ["toggleHeadingBigger", "toggleSideBySide", "toggleFullScreen", "undo", "redo", "toggleStrikethrough"];
  const editor = new globalThis.EasyMDE({
    element: area,
    autoDownloadFontAwesome: false,
    spellChecker: false,
    nativeSpellcheck: true,
    inputStyle: "contenteditable", // screen readers, spelling and input methods see the words themselves
    toolbar: false,
    status: false,
    forceSync: true,
    minHeight: "24rem",
    shortcuts: Object.fromEntries([...off, ...more, ...rest].map((name) => [name, null])),
  });
  const mirror = editor.codemirror;
  mirror.setOption("gutters", ["gutter-problems"]);
  // The Tab key leaves the text, as in any field (WCAG 2.1.2).
  mirror.setOption("extraKeys", { ...mirror.getOption("extraKeys"), Tab: false, "Shift-Tab": false });
  mirror.setOption("screenReaderLabel", label);
  mirror.addOverlay(directives);
  const surface = mirror.getInputField();
  surface.setAttribute("role", "textbox");
  surface.setAttribute("aria-multiline", "true");
  surface.setAttribute("autocapitalize", "sentences");
  if (area.lang) surface.lang = area.lang;
  // Typing over several lines: the browser would join them by inline styles, which the page's policy refuses.
  surface.addEventListener("beforeinput", (event) => {
    if (event.inputType !== "insertText" || event.data === null || event.isComposing || !mirror.somethingSelected()) return;
    event.preventDefault();
    mirror.replaceSelection(event.data, "end", "+input");
  }, { capture: true });
  for (const name of ["aria-invalid", "aria-describedby"]) {
    if (area.hasAttribute(name)) surface.setAttribute(name, area.getAttribute(name));
  }
  document.querySelector(`label[for="${area.id}"]`)?.addEventListener("click", () => mirror.focus());
  addEventListener("hashchange", () => location.hash === `#${area.id}` && mirror.focus());
  return new MirrorText(area, mirror);
}

/** The text of ``area``: in EasyMDE where a mouse is at hand, in the plain field on touch screens or by choice. */
async function textOf(area) {
  const plain = kept.read(PLAIN) === "1" || !matchMedia("(pointer: fine)").matches;
  const label = document.querySelector(`label[for="${area.id}"]`)?.textContent ?? "";
  if (!plain) {
    try {
      return await mirrored(area, label);
    } catch {
      // The plain field does all of it too.
    }
  }
  return new PlainText(area);
}

Object.assign(globalThis.studio, { textOf, lineStarts, blocksOf, headOf, PLAIN });
