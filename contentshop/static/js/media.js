// Sending media: by drop, by paste, by choosing; each file by itself, with its progress. Without this script the form
// of the media library sends the same files.
//
// For the writing page: attachUploads(textarea, { url, csrf, insert, status }).
//   insert(markup, medium) is called for every file that was stored, with the line to put into the text;
//   status(text, { busy, failed }) is told what happens, for a line that is read out.

const say = {
  sending: "Sending",
  ready: "Stored",
  large: "This file is too large.",
  lost: "The connection was lost. Try again.",
};

/** Send one file; resolves to the answer's record, rejects with a sentence. */
export function sendFile(file, { url, csrf, alt = "", most = Infinity, words = say, progress = () => {} }) {
  if (file.size > most) return Promise.reject(new Error(words.large));
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("alt", alt);
    form.append("csrf_token", csrf);
    form.append("file", file, file.name || "pasted.png");
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", csrf);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.addEventListener("error", () => reject(new Error(words.lost)));
    request.addEventListener("load", () => {
      let answer = null;
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        // An error page.
      }
      if (request.status === 201 && answer) resolve(answer);
      else if (request.status === 413) reject(new Error(words.large));
      else reject(new Error(answer?.errors ? Object.values(answer.errors).flat().join(" ") : words.lost));
    });
    request.send(form);
  });
}

/** The files of a drop or a paste; text that comes along with a picture (from a web page) does not count. */
function filesOf(transfer) {
  return transfer ? [...transfer.files] : [];
}

/** Take dropped and pasted files in `area`. */
function listen(area, take, over) {
  area.addEventListener("paste", (event) => {
    const files = filesOf(event.clipboardData);
    // A table copied from a spreadsheet brings a picture of itself; its words are what is meant.
    if (!files.length || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    take(files);
  });
  for (const kind of ["dragenter", "dragover"]) {
    area.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      over(true);
    });
  }
  area.addEventListener("dragleave", () => over(false));
  area.addEventListener("drop", (event) => {
    over(false);
    const files = filesOf(event.dataTransfer);
    if (!files.length) return;
    event.preventDefault();
    take(files);
  });
}

/** Let files be dropped or pasted into a text; each is stored and its line handed to `insert`. */
export function attachUploads(area, { url = "/studio/media", csrf, insert, status = () => {}, words = say, most }) {
  const take = async (files) => {
    for (const file of files) {
      status(`${words.sending}: ${file.name}`, { busy: true, failed: false });
      try {
        const progress = (part) => status(`${words.sending}: ${file.name} ${Math.round(part * 100)} %`, { busy: true, failed: false });
        const medium = await sendFile(file, { url, csrf, words, most, progress });
        if (medium.markup) insert(medium.markup, medium);
        status([`${words.ready}: ${file.name}`, ...medium.notes].join(" "), { busy: false, failed: false });
      } catch (error) {
        status(`${file.name}: ${error.message}`, { busy: false, failed: true });
      }
    }
  };
  listen(area, take, (on) => area.classList.toggle("upload-over", on));
  return { take };
}

function line(list, file) {
  const item = document.createElement("li");
  item.className = "upload-line";
  const name = document.createElement("span");
  name.className = "upload-name";
  name.textContent = file.name;
  const state = document.createElement("span");
  state.className = "hint";
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  item.append(name, state, bar);
  list.prepend(item);
  list.hidden = false;
  return {
    progress: (part) => {
      bar.value = part;
    },
    done: (medium, text) => {
      bar.remove();
      const link = document.createElement("a");
      link.href = medium.page;
      link.textContent = file.name;
      name.replaceChildren(link);
      state.textContent = [text, ...medium.notes].join(" ");
    },
    failed: (text) => {
      bar.remove();
      state.remove();
      const problem = document.createElement("p");
      problem.className = "error";
      problem.textContent = text;
      item.append(problem);
    },
    say: (text) => {
      state.textContent = text;
    },
  };
}

function setUpLibrary(form) {
  const list = form.querySelector("[data-uploads]");
  const words = {
    sending: form.dataset.saySending,
    ready: form.dataset.sayReady,
    large: form.dataset.sayLarge,
    lost: form.dataset.sayLost,
  };
  const csrf = form.querySelector("[name=csrf_token]").value;
  const options = { url: form.getAttribute("action"), csrf, words, most: Number(form.dataset.most) };
  const take = async (files) => {
    let stored = 0;
    let failed = 0;
    for (const file of files) {
      const row = line(list, file);
      row.say(words.sending);
      try {
        const alt = files.length === 1 ? form.querySelector("[name=alt]").value : "";
        const medium = await sendFile(file, { ...options, alt, progress: row.progress });
        row.done(medium, words.ready);
        stored += 1;
        // One picture: straight to its page, to say what it shows.
        if (files.length === 1 && !medium.notes.length) location.assign(medium.page);
      } catch (error) {
        row.failed(error.message);
        failed += 1;
      }
    }
    if (stored > 1 && !failed) location.assign(form.getAttribute("action"));
  };
  form.querySelector("[data-drop-hint]").hidden = false;
  form.addEventListener("submit", (event) => {
    const files = [...form.querySelectorAll("[type=file]")].flatMap((input) => [...input.files]);
    if (!files.length) return;
    event.preventDefault();
    take(files);
  });
  for (const input of form.querySelectorAll("[capture]")) {
    input.addEventListener("change", () => form.requestSubmit());
  }
  listen(document.body, take, (on) => form.classList.toggle("upload-over", on));
}

for (const form of document.querySelectorAll("[data-media-upload]")) setUpLibrary(form);
