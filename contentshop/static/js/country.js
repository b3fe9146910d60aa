// Fields of an address follow its country at once; without this file a button does it. Nothing is kept by asking, the
// field of the country keeps the focus, and what is typed meanwhile stays.

const typedIn = (part) =>
  new Map([...part.querySelectorAll("input[name], select[name]")].map((field) => [field.name, field.value]));

async function follow(select, button) {
  const form = select.form;
  const asked = new URLSearchParams(new FormData(form));
  asked.set(button.name, button.value);
  const answer = await fetch(form.action, { method: "POST", body: asked });
  if (!answer.ok || answer.redirected) throw new Error("not the same form");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // Meanwhile another country may have been chosen; its own answer comes next.
  if (asked.get("country") !== select.value) return;
  for (const part of document.querySelectorAll("[data-follows]")) {
    const next = page.getElementById(part.id);
    if (!next) continue;
    const typed = typedIn(part);
    const known = new Set(asked.keys());
    if (part.open) next.open = true;
    part.replaceWith(next);
    for (const field of next.querySelectorAll("input[name]")) {
      const now = typed.get(field.name);
      if (now !== undefined && known.has(field.name) && now !== asked.get(field.name)) field.value = now;
    }
  }
}

for (const button of document.querySelectorAll("[data-country]")) {
  const select = button.form.elements.country;
  select.addEventListener("change", () => {
    follow(select, button).catch(() => button.form.requestSubmit(button));
  });
}
