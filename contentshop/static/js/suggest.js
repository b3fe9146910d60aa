// Suggestions under a search box: a combobox whose options are links (WAI-ARIA Authoring Practices, list autocomplete).

const PAUSE = 60; // milliseconds without a key before asking

export function suggestFor(form) {
  const input = form.querySelector("input[type=search]");
  if (!input || input.dataset.ready) return;
  input.dataset.ready = "1";
  const list = document.createElement("div");
  const status = document.createElement("p");
  const kept = new Map();
  let at = -1;
  let timer = 0;
  let asking;
  list.className = "suggestions";
  list.id = `${input.id}-suggestions`;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.getAttribute("aria-label"));
  status.className = "vh";
  status.setAttribute("role", "status");
  form.append(list, status);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  function close() {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(next) {
    const options = [...list.children];
    at = next < -1 ? options.length - 1 : next >= options.length ? -1 : next;
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    if (at < 0) {
      input.removeAttribute("aria-activedescendant");
    } else {
      input.setAttribute("aria-activedescendant", options[at].id);
      options[at].scrollIntoView({ block: "nearest" });
    }
  }

  function optionOf(entry, place) {
    const option = document.createElement("a");
    const text = document.createElement("span");
    const label = document.createElement("span");
    option.id = `${list.id}-${place}`;
    option.href = entry.url;
    option.tabIndex = -1;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    text.textContent = entry.text;
    label.className = "suggestion-kind";
    label.textContent = entry.label;
    option.append(text, label);
    return option;
  }

  function show(entries) {
    close();
    list.replaceChildren(...entries.map(optionOf));
    list.hidden = entries.length === 0;
    input.setAttribute("aria-expanded", String(entries.length > 0));
    status.textContent = entries.length ? form.dataset.say.replace("{}", entries.length) : "";
  }

  async function ask() {
    const typed = input.value.trim();
    asking?.abort();
    if (!typed) return close();
    if (kept.has(typed)) return show(kept.get(typed));
    asking = new AbortController();
    try {
      const answer = await fetch(`/suggest.json?q=${encodeURIComponent(typed)}`, { signal: asking.signal });
      if (!answer.ok) return;
      const { entries } = await answer.json();
      kept.set(typed, entries);
      if (input.value.trim() === typed && document.activeElement === input) show(entries);
    } catch {
      // Without suggestions the box searches all the same.
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden) return; // while composing, the keys belong to the input method
    if (event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(event.key === "ArrowDown" ? at + 1 : at - 1);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      list.children[at].click();
    }
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) close();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus where it is
}
