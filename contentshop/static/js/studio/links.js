// Guides and products that the text could link to, put in at the cursor.

const { page, element, button, say, ask } = globalThis.studio;

function setUpLinks(text) {
  const opener = page.querySelector("[data-links]");
  const list = page.querySelector("[data-links-list]");
  const status = page.querySelector("[data-links-say]");
  if (!opener) return;

  function rowOf(link) {
    const row = element("li", "link-row");
    const words = element("span", "link-words");
    const name = element("a", "", link.title);
    name.href = link.url;
    name.target = "_blank";
    name.rel = "noopener";
    words.append(name, element("span", "hint", [link.kind, link.by].filter(Boolean).join(" · ")));
    // A bracket would end the words of the link.
    const title = link.title.replaceAll("[", "(").replaceAll("]", ")").replaceAll("\\", "/");
    const put = button("button button-quiet button-small", say("putLink"), () => text.wrap("[", `](${link.url})`, title));
    put.append(element("span", "vh", `: ${link.title}`));
    row.append(words, put);
    return row;
  }

  opener.addEventListener("click", async (event) => {
    event.preventDefault();
    status.hidden = false;
    status.textContent = say("findingLinks");
    const asked = new URLSearchParams({
      title: page.querySelector("[name=title]").value,
      summary: page.querySelector("[name=summary]").value,
    });
    try {
      const { links, problem } = await ask(`${opener.getAttribute("href")}?${asked}`);
      list.replaceChildren(...links.map(rowOf));
      list.hidden = !links.length;
      status.textContent = problem;
      status.hidden = !problem;
    } catch {
      list.hidden = true;
      status.textContent = say("linksFailed");
    }
  });
}

Object.assign(globalThis.studio, { setUpLinks });
