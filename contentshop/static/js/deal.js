// The writing page of a deal: products of the catalogue are offered while one types the name of one.

const field = document.querySelector("[data-find-product]");
const list = field && document.getElementById(field.getAttribute("list"));
let asked = "";

async function offer() {
  const words = field.value.trim();
  if (words === asked || words.length < 2 || words.includes("/")) return;
  asked = words;
  const address = `${field.dataset.findProduct}?q=${encodeURIComponent(words)}`;
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok || words !== asked) return;
  const { products } = await answer.json();
  list.replaceChildren(
    ...products.map((found) => {
      const option = document.createElement("option");
      option.value = found.key;
      option.label = [found.title, found.price].filter(Boolean).join(" · ");
      return option;
    }),
  );
}

let timer = 0;
field?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => offer().catch(() => {}), 150);
});
