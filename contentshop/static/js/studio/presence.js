// Says every 20 seconds that somebody is writing in this window, and tells when somebody else has begun to.

const form = document.querySelector("[data-write-form]");
const note = document.querySelector("[data-presence]");
const EVERY = 20_000;
const IDLE = 300_000; // after five minutes without a key somebody else may begin

if (form && note) {
  const place = form.getAttribute("action");
  let typed = 0;
  let timer = 0;

  function send(verb, options = {}) {
    const token = form.querySelector("[name=csrf_token]").value;
    const headers = { Accept: "application/json", "X-CSRFToken": token };
    return fetch(`${place}/${verb}`, { method: "POST", headers, ...options });
  }

  async function beat() {
    if (Date.now() - typed > IDLE) {
      clearInterval(timer);
      timer = 0;
      await send("unlock").catch(() => undefined);
      return;
    }
    try {
      const answer = await send("lock");
      if (!answer.ok) return;
      const told = await answer.json();
      note.hidden = told.mine;
      if (!told.mine) note.querySelector("[data-presence-name]").textContent = told.by;
    } catch {
      // Without a connection nobody can be told; the next beat tries again.
    }
  }

  form.addEventListener("input", () => {
    typed = Date.now();
    if (timer) return;
    timer = setInterval(beat, EVERY);
    beat();
  });
  addEventListener("pagehide", () => {
    if (timer) send("unlock", { keepalive: true }).catch(() => undefined);
  });
}
