// Pictures and videos: dropped, pasted, taken or chosen; stored by the server, whose markup goes into the text.

const { page, element, ask, say, dialog } = globalThis.studio;

function setUpPictures(editor, text) {
  const sheet = dialog("picture");
  if (!sheet) return { open: () => {}, openVideo: () => {} };
  const alt = sheet.querySelector("#d-alt");
  const choices = sheet.querySelector("[data-media-choices]");
  const film = dialog("video");
  let use = null; // what is done with what was chosen, if not put into the text

  async function upload(files, status, words = "") {
    let stored = 0;
    for (const file of files) {
      status.textContent = say("uploading", file.name);
      const body = new FormData();
      body.append("csrf_token", document.querySelector("[name=csrf_token]").value);
      body.append("file", file, file.name || "picture.png");
      body.append("alt", words);
      try {
        take(await ask(page.dataset.media, body));
        stored += 1;
      } catch (failure) {
        const errors = failure.answer?.errors;
        status.textContent = errors ? Object.values(errors).flat().join(" ") : failure.answer?.error ?? say("uploadFailed");
        return false;
      }
    }
    status.textContent = stored ? say("uploaded") : "";
    return stored > 0;
  }

  function take(asset) {
    const act = use ?? ((one) => text.insertBlock(one.markup));
    act(asset);
  }

  function choiceOf(asset) {
    const item = element("li");
    const made = element("button", "media-choice");
    made.type = "button";
    const picture = element("img");
    picture.src = asset.url;
    picture.alt = asset.alt || asset.key;
    picture.loading = "lazy";
    made.append(picture);
    made.addEventListener("click", () => {
      sheet.close();
      take(asset);
    });
    item.append(made);
    return item;
  }

  async function open(act = null) {
    use = act;
    alt.value = "";
    sheet.querySelector("[data-picture-say]").textContent = "";
    sheet.showModal();
    sheet.querySelector("[data-files]").focus();
    try {
      const { media = [], assets = media } = await ask(page.dataset.mediaList);
      choices.replaceChildren(...assets.filter((asset) => asset.kind === "picture" || asset.kind === "image").slice(0, 24).map(choiceOf));
    } catch {
      choices.replaceChildren();
    }
    choices.previousElementSibling.hidden = !choices.childElementCount;
  }

  for (const input of sheet.querySelectorAll("[data-files]")) {
    input.addEventListener("change", async () => {
      const well = await upload([...input.files], sheet.querySelector("[data-picture-say]"), alt.value.trim());
      input.value = "";
      if (well) sheet.close();
    });
  }
  sheet.addEventListener("close", () => {
    use = null;
  });
  const drop = sheet.querySelector("[data-drop]");
  takeDrops(drop, async (files) => {
    if (await upload(files, sheet.querySelector("[data-picture-say]"), alt.value.trim())) sheet.close();
  });
  sheet.addEventListener("paste", async (event) => {
    const files = pictures(event.clipboardData?.files);
    if (!files.length) return;
    event.preventDefault();
    if (await upload(files, sheet.querySelector("[data-picture-say]"), alt.value.trim())) sheet.close();
  });

  // Straight into the text.
  const status = editor.querySelector("[data-blocks-say]");
  takeDrops(editor, (files) => {
    use = null;
    return upload(files, status);
  });
  text.surface.addEventListener("paste", (event) => {
    const files = pictures(event.clipboardData?.files);
    if (!files.length) return;
    event.preventDefault();
    event.stopPropagation();
    use = null;
    upload(files, status);
  }, { capture: true });

  film.querySelector("[data-video]").addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    const address = film.querySelector("#d-embed").value.trim();
    film.close();
    text.insertBlock(`::embed[${address}]`);
  });
  film.querySelector("[data-files]").addEventListener("change", async (event) => {
    use = null;
    if (await upload([...event.target.files], film.querySelector("[data-video-say]"))) film.close();
    event.target.value = "";
  });
  return {
    open,
    openVideo() {
      film.querySelector("#d-embed").value = "";
      film.showModal();
    },
  };
}

const pictures = (files) => [...(files ?? [])].filter((file) => file.type.startsWith("image/"));

function takeDrops(area, act) {
  for (const kind of ["dragenter", "dragover"]) {
    area.addEventListener(kind, (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      area.classList.add("drop-over");
    }, { capture: true });
  }
  for (const kind of ["dragleave", "drop", "dragend"]) area.addEventListener(kind, () => area.classList.remove("drop-over"));
  area.addEventListener("drop", (event) => {
    const files = pictures(event.dataTransfer.files);
    if (!files.length) return;
    event.preventDefault();
    event.stopPropagation();
    act(files);
  }, { capture: true });
}

Object.assign(globalThis.studio, { setUpPictures });
