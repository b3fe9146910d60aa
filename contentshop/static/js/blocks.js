// Players: a chapter moves the recording beside it; a player of another site is loaded when it is asked for.

/** Moves the recording to the second of a chapter and plays on. */
function seek(event) {
  const link = event.target.closest("[data-seek]");
  const media = link?.closest("[data-player]")?.querySelector("video, audio");
  if (!media || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const go = () => { media.currentTime = Number(link.dataset.seek); };
  if (media.readyState > 0) go();
  else media.addEventListener("loadedmetadata", go, { once: true });
  media.play().catch(() => media.focus());
}

/** Marks the chapter that is being played. */
function mark(media) {
  const links = [...media.closest("[data-player]").querySelectorAll("[data-seek]")];
  media.addEventListener("timeupdate", () => {
    const now = links.filter((link) => Number(link.dataset.seek) <= media.currentTime + 0.25).pop();
    for (const link of links) {
      if (link === now) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  });
}

/** Puts the other site's player where its notice was. */
function play(event) {
  const box = event.target.closest("[data-embed-play]")?.closest("[data-embed]");
  if (!box) return;
  const frame = document.createElement("iframe");
  frame.src = box.dataset.embed;
  frame.title = box.dataset.title;
  frame.allow = "autoplay; fullscreen; encrypted-media; picture-in-picture";
  frame.referrerPolicy = "strict-origin-when-cross-origin";
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-popups allow-presentation");
  box.querySelector(".embed-frame").replaceChildren(frame);
  frame.focus();
}

document.addEventListener("click", (event) => { seek(event); play(event); });
for (const media of document.querySelectorAll("[data-player] video, [data-player] audio")) mark(media);
for (const button of document.querySelectorAll("[data-embed-play]")) button.hidden = false;
