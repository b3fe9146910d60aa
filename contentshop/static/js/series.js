// Posts of a series brought into order by dragging. Without this script the arrows do the same.

const form = document.querySelector("[data-series-parts]");

function load(src) {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = src;
    script.addEventListener("load", done);
    script.addEventListener("error", failed);
    document.head.append(script);
  });
}

function number(list) {
  [...list.children].forEach((row, place) => {
    row.querySelector(".series-number").textContent = place + 1;
    row.querySelector("[name=up]").disabled = place === 0;
    row.querySelector("[name=down]").disabled = place === list.children.length - 1;
  });
}

async function send(list, status, moved) {
  const body = new URLSearchParams([["csrf_token", form.elements.csrf_token.value]]);
  for (const row of list.children) body.append("order", row.dataset.part);
  try {
    const answer = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body });
    if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
    const title = moved.querySelector(".series-post a").textContent;
    const place = [...list.children].indexOf(moved) + 1;
    status.textContent = form.dataset.say.replace("{title}", title).replace("{number}", place);
  } catch {
    status.textContent = form.dataset.failed;
  }
}

if (form) {
  const list = form.querySelector(".series-order");
  const status = form.querySelector("[data-series-say]");
  await load(form.dataset.sortable);
  for (const grip of list.querySelectorAll(".series-grip")) grip.hidden = false;
  globalThis.Sortable.create(list, {
    handle: ".series-grip",
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
    onEnd: (event) => {
      number(list);
      send(list, status, event.item);
    },
  });
}
