// Sets the parts of the writing page going, once the text is there.

const { page, element, dialog, kept, say } = globalThis.studio;
const { textOf, blocksOf, headOf, commands, setUpMenu, setUpToolbar, setUpShortcuts } = globalThis.studio;
const { setUpProducts, setUpPictures, setUpItems, setUpLinks, setUpPreview, setUpSaving } = globalThis.studio;

const VIEW = "studio.view"; // in localStorage: what stands beside the text: preview, panels or nothing

/** How many words are written, and what is wrong with them, by line. */
function setUpFoot(editor, text) {
  const list = editor.querySelector("[data-problems]");
  const words = editor.querySelector("[data-words]");
  const number = new Intl.NumberFormat(document.documentElement.lang);
  // Advice to the writer, names of blocks and keys of products are not read by anybody.
  const SILENT = /<!--[^]*?-->|^:{2,3}[a-z]*(?:\[[^\]\n]*\])?|\b[a-z_]+=(?=")|^@ [\d.: ]+[a-z0-9-]*/gm;
  const count = () => {
    const read = text.value.replace(SILENT, " ");
    const latin = read.match(/[\p{L}\p{N}]+/gu) || [];
    const han = read.match(/\p{Script=Han}/gu) || [];
    const total = latin.filter((word) => !/\p{Script=Han}/u.test(word)).length + han.length;
    words.hidden = false;
    words.textContent = `${number.format(total)} ${say("words")} ·`;
  };
  text.onChange(globalThis.studio.later(count, 400, 2000));
  count();
  return (problems) => {
    list.hidden = false;
    list.replaceChildren(
      ...(problems.length ? problems : [{ line: 0, text: say("fine") }]).map((problem) => {
        const item = element("li", `check-line check-${problems.length ? "bad" : "good"}`);
        item.append(element("span", "", problem.text));
        if (problem.line) {
          const jump = element("a", "", `${say("line")} ${problem.line}`);
          jump.href = "#f-source";
          jump.dataset.gotoLine = problem.line;
          item.append(" ", jump);
        }
        return item;
      }),
    );
    text.markLines(new Map(problems.filter((problem) => problem.line).map((problem) => [problem.line, problem.text])));
  };
}

/** What stands beside the text: the preview, the panels, or nothing. Remembered for the next post. */
function setUpViews(preview) {
  const views = page.querySelector("[data-views]");
  const panels = page.querySelector("[data-panels]");
  views.hidden = false;
  page.querySelector("button[name=do][value=preview]").hidden = true;
  const wide = matchMedia("(min-width: 64rem)");
  const remembered = kept.read(VIEW);
  let view = wide.matches && ["preview", "none"].includes(remembered) ? remembered : "panels";

  const apply = () => {
    page.dataset.view = view;
    for (const one of views.querySelectorAll("[data-view]")) one.setAttribute("aria-pressed", String(one.dataset.view === view));
    panels.hidden = view !== "panels" && wide.matches;
    preview.show(view === "preview");
  };
  const toggle = (wanted) => {
    view = view === wanted ? (wide.matches ? "none" : "panels") : wanted;
    if (wide.matches) kept.write(VIEW, view);
    apply();
  };
  for (const one of views.querySelectorAll("[data-view]")) one.addEventListener("click", () => toggle(one.dataset.view));
  wide.addEventListener("change", apply);
  apply();
  return () => toggle("preview");
}

async function start(editor) {
  const area = editor.querySelector("textarea[name]");
  const text = await textOf(area);
  const products = setUpProducts(editor, text);
  const more = {};
  const open = {};
  const run = commands(text, open);
  // In a list a product mostly becomes its next item; among the words of an item, a card.
  const within = (lines, here) => blocksOf(lines).some((one) => headOf(lines, one) + 1 < here && here <= one.to);
  const usual = () => {
    const next = editor.dataset.kind === "list" && !within(text.value.split("\n"), text.line().number);
    products.open(next ? "item" : "card");
  };
  Object.assign(open, { usual, product: () => products.open("card"), item: () => products.open("item") });
  setUpMenu(editor, text, run);
  setUpToolbar(editor, run, open);
  document.addEventListener("click", (event) => {
    const jump = event.target.closest("[data-goto-line]");
    if (!jump) return;
    event.preventDefault();
    text.goToLine(Number(jump.dataset.gotoLine));
  });
  // A link from elsewhere to a line, as in the list of posts to look at again.
  const wanted = /^#line-(\d+)$/.exec(location.hash);
  // A text nobody has clicked into yet has its cursor at the top; a product belongs at its end.
  text.select(text.value.length, text.value.length);
  if (page) {
    const form = page.querySelector("[data-write-form]");
    const tell = setUpFoot(editor, text);
    const pictures = setUpPictures(editor, text);
    const items = setUpItems(text, pictures, products);
    Object.assign(open, { picture: () => pictures.open(), video: pictures.openVideo, compare: items.compare, hotspots: items.hotspots });
    setUpLinks(text);
    const preview = setUpPreview(text, form, tell);
    const saving = setUpSaving(text, form, tell);
    Object.assign(more, { moveItem: items.moveItem, save: saving.byHand, saveThen: saving.then, preview: setUpViews(preview) });
    page.querySelector("[data-plain-upload]").hidden = true;
    page.dataset.ready = "1";
    if (wanted) text.goToLine(Number(wanted[1]));
  }
  setUpShortcuts(text, run, more);
  for (const name of ["product", "picture", "video", "compare", "spots", "help"]) dialog(name);
}

for (const editor of document.querySelectorAll("[data-editor]")) start(editor);
